"""The choices of every option, once: names that the core, the configuration and Typer share."""

from typing import Literal, get_args

Device = Literal["auto", "cpu", "cuda", "mps"]
Arithmetic = Literal["fp32", "bf16"]
Precision = Literal["auto", "fp32", "bf16"]
"""`auto` is bf16 where the device computes it fast, else fp32."""

Resize = Literal["squash", "crop", "center-crop", "pad"]
"""How a photo becomes square: the whole of it, or the square in its centre."""

Head = Literal["linear", "mlp", "gallery"]
"""What gives a cell its logit: a linear layer, one more before it, or the places of a gallery."""

PublishedModel = Literal["geoclip"]
"""The published models that become a model folder; `adoption.published` describes each."""

TrainingTargets = Literal["hard", "distance"]
"""What a training photo is taught: its cell alone, or every cell by its distance."""

Schedule = Literal["plateau", "cosine"]
"""How the learning rate of a stage falls: in steps when the validation loss rests, or a cosine."""

FeatureType = Literal["float16", "float32"]
"""The number type of kept features."""

KeptFeatures = Literal["off", "float16", "float32"]
"""Whether features are kept, and in which number type."""

Uncovered = Literal["drop", "nearest"]
"""What happens to a training photo that lies in no cell."""

SplitBy = Literal["sequence", "creator", "cell", "random"]
"""What a split keeps together."""

SplitName = Literal["train", "val", "test", "all"]
"""The photos of one split, or all photos."""

PointMethod = Literal["centroid", "cluster", "distance", "geoscore", "neighbours"]
"""How the point estimate is chosen; `inference.estimates` computes each."""

POINT_METHODS: dict[PointMethod, str] = {
    "centroid": "centroid of the likeliest cell",
    "cluster": "weighted mean of the likeliest cluster",
    "distance": "least expected distance",
    "geoscore": "greatest expected GeoScore",
    "neighbours": "middle of the training photos that it resembles",
}
"""Each point method in words."""

OF_PROBABILITIES: tuple[PointMethod, ...] = ("centroid", "cluster", "distance", "geoscore")
"""The point methods of every model; `neighbours` needs one that carries its training photos."""

Measure = Literal["probability", "log-odds", "km"]
"""What an occlusion map follows."""

Baseline = Literal["mean", "blur", "noise"]
"""What a covered pixel becomes; `occlusion.baselines` computes each."""

Resume = Literal["never", "always", "auto"]
"""Whether a training goes on where one was interrupted; "auto" if there is one, else it starts."""

View = Literal["overlay", "contour", "plain"]
"""How an occlusion map is drawn over its photo."""

FollowedCell = Literal["top", "truth"]
"""The cell whose probability a survey follows: the likeliest, or the true one."""

ColorScale = Literal["root", "linear", "log"]
"""How a probability becomes a colour: by its square root, in proportion, or by its logarithm."""

CellColor = Literal["photos", "level", "accuracy"]
"""What the colour of a cell means on a map of the partition."""

ThemeName = Literal["light", "dark"]
"""Darker is likelier on a light map, brighter on a dark one."""

DataSetName = Literal["osv-mini-129k", "osv-5m", "im2gps3k"]
"""The published data sets that can be fetched; `sources.downloads` describes each."""

ExportFormat = Literal["webdataset", "imagefolder", "zip"]
"""What a photo table is exported as; `sources.exports` writes each."""

ModelFormat = Literal["onnx"]
"""What a model is exported as."""

RecordFormat = Literal["table", "jsonl", "csv", "geojson"]
"""How records are written."""

AnswerFormat = Literal["table", "jsonl", "csv", "geojson", "gpx", "kml", "xmp"]
"""How answers are written; `inference.files` has each."""

BASELINES: tuple[Baseline, ...] = get_args(Baseline)
VIEWS: tuple[View, ...] = get_args(View)

MAX_PIXELS = 178_956_970
"""Largest width × height of a photo unless `max_pixels` says otherwise: the limit of Pillow."""
