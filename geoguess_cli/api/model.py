"""A trained model as one object: it answers photos, maps them and explains them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoguess_cli.api.opening import predictor_at
from geoguess_cli.choices import Baseline, Device, PointMethod, Precision
from geoguess_cli.config import Config
from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.archives import Member

if TYPE_CHECKING:
    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.inference.answers import Answer, Unanswered
    from geoguess_cli.inference.photo_predictor import Photo, PhotoPredictor
    from geoguess_cli.maps.probability_map import ProbabilityMap
    from geoguess_cli.occlusion.explanation import Explanation


def load_model(
    folder: str | Path, *, device: Device | str = "auto", precision: Precision = "auto"
) -> "Model":
    """The model of a folder or ONNX file that geoguess wrote, or of the Hugging Face hub.

    A folder or file needs no network, nor does a model of the hub that was fetched once. An ONNX
    file needs no torch either.

    ```python
    import geoguess_cli as gg
    model = gg.load_model("artifacts/model")
    print(model.answer("sample_data/photos/d165-00.jpg").estimate)
    ```

    Args:
        folder: The model folder, an ONNX file, or hf://owner/name[@revision].
        device: "auto", "cpu", "mps", "cuda" or one GPU such as "cuda:1".
        precision: "fp32", "bf16", or "auto" for bf16 where the device computes it fast.

    Raises:
        MissingFileError: The folder, or a file of it, does not exist.
        ModelError: Its files do not fit together, or another version of geoguess wrote them.
        HubError: The model was never fetched, and the hub cannot be reached or shows no such model.
        ConfigError: This machine has no such device, or the address is none.
    """
    from geoguess_cli.model.pulling import local_folder

    return Model(predictor_at(local_folder(folder), Config(device=device, precision=precision)))


class Model:
    """A trained model: it answers photos, maps its probabilities and explains them.

    ```python
    import geoguess_cli as gg
    model = gg.load_model("artifacts/model")
    for answer in model.answers(["sample_data/photos/d165-00.jpg"]):
        print(answer.photo, answer.estimate, answer.expected_km)
    ```

    Wherever a photo is asked for, it is a path, the bytes of a file, a PIL image, an array
    (h, w, 3) of uint8, or an image as the model expects it: a float tensor (3, s, s).

    Args:
        predictor: What computes its logits, with their meaning.
    """

    def __init__(self, predictor: "PhotoPredictor") -> None:
        self.predictor = predictor

    @property
    def partition(self) -> "Partition":
        """The cells that the model chooses among."""
        return self.predictor.partition

    @property
    def metrics(self) -> dict[str, Any]:
        """Counts and statistics of the training, as `metrics.json` holds them."""
        return self.predictor.trained.metrics

    def within(self, region: str) -> "Model":
        """The same model, whose answers, maps and evaluations are limited to a region.

        The probabilities are those given that a photo was taken in the region: a cell on its
        border counts by the share of its area inside. `Answer.inside` says how much probability
        lay there before.

        Args:
            region: A name such as "Montana, US", a box "W,S,E,N" in degrees, or the path of a
                GeoJSON file of polygons.

        Raises:
            ConfigError: There is no such region, or more than one of that name.
            CellError: No cell of the model reaches into the region.
        """
        from geoguess_cli.geo.regions import find_region

        return Model(self.predictor.within(find_region(region)))

    def answer(
        self, photo: "Photo", *, point: PointMethod | None = None, min_confidence: float = 0.0
    ) -> "Answer":
        """The answer to one photo: its probabilities, point estimate, place and uncertainty in km.

        Args:
            photo: The photo.
            point: How to choose the point estimate; None takes the model's own method.
            min_confidence: The answer is sure if its likeliest cell is at least this probable.

        Raises:
            PhotoError: The file does not exist, or the photo cannot be decoded.
            ModelError: A logit is not finite.
        """
        return self.predictor.answer(photo, point=point, min_confidence=min_confidence)

    def answers(
        self,
        photos: "Iterable[Photo]",
        *,
        batch_size: int = 32,
        workers: int = 0,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
    ) -> "Iterator[Answer | Unanswered]":
        """The answer to each photo, in the order given; an unreadable file is `Unanswered`.

        Args:
            photos: The photos. Files go through the model in batches, other photos one by one.
            batch_size: Files that go through the model at once.
            workers: Processes that decode files; 0 decodes in this one, -1 asks the machine.
            point: How to choose the point estimate; None takes the model's own method.
            min_confidence: An answer is sure if its likeliest cell is at least this probable.

        Raises:
            ModelError: A logit is not finite.
        """
        listed = list(photos)
        files = [
            Path(photo) if isinstance(photo, str) else photo
            for photo in listed
            if isinstance(photo, str | Path | Member)
        ]
        if len(files) < len(listed):
            return (
                self.answer(photo, point=point, min_confidence=min_confidence) for photo in listed
            )
        return self.predictor.predict(
            files,
            batch_size=batch_size,
            workers=workers,
            point=point,
            min_confidence=min_confidence,
        )

    def together(
        self,
        photos: "Sequence[str | Path | Member]",
        *,
        batch_size: int = 32,
        workers: int = 0,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
    ) -> "Answer":
        """One answer to several photos of one place; photos that cannot be read are left out.

        Args:
            photos: The files, at least one.
            batch_size: Files that go through the model at once.
            workers: Processes that decode files; 0 decodes in this one, -1 asks the machine.
            point: How to choose the point estimate; None takes the model's own method.
            min_confidence: The answer is sure if its likeliest cell is at least this probable.

        Raises:
            PhotoError: No photo was given, or none of them could be read.
            ModelError: A logit is not finite.
        """
        from geoguess_cli.inference.answers import Unanswered
        from geoguess_cli.inference.groups import predict_groups, together

        files = [Path(photo) if isinstance(photo, str) else photo for photo in photos]
        if not files:
            raise PhotoError("no photo was given; name at least one of the place")
        (answer,) = predict_groups(
            self.predictor,
            files,
            together(files),
            batch_size=batch_size,
            workers=workers,
            point=point,
            min_confidence=min_confidence,
        )
        if isinstance(answer, Unanswered):
            raise PhotoError(answer.error)
        return answer

    def map(
        self, photo: "Photo", *, truth: Sequence[float] | None = None, top_k: int = 5
    ) -> "ProbabilityMap":
        """The probability map of one photo; `gg.save` writes it as a figure, a page or data.

        Args:
            photo: The photo.
            truth: Where the photo was taken: latitude, longitude, in degrees.
            top_k: Number of guesses to list, at least 1.

        Raises:
            PhotoError: The file does not exist, or the photo cannot be decoded.
            CoordinateError: The truth is not on the Earth.
        """
        from geoguess_cli.maps.probability_map import probability_map

        return probability_map(self.answer(photo), self.partition, truth=truth, top_k=top_k)

    def occlusion(
        self,
        photo: "Photo",
        *,
        target: str = "top",
        truth: tuple[float, float] | None = None,
        window: int = 32,
        stride: int = 8,
        baselines: Sequence[Baseline] = ("mean",),
        judged: bool = True,
        adaptive: bool = False,
        seed: int = 0,
    ) -> "Explanation":
        """The occlusion map of one photo: how the answer changes when a window is covered.

        Args:
            photo: The photo.
            target: What is followed: "top" (the likeliest cell), "truth" (the true cell),
                "region", "distance", or the token of a cell.
            truth: Where the photo was taken: latitude, longitude, in degrees.
            window: Side of the covered square, in pixels of the photo as the model sees it.
            stride: Step from one window to the next, in pixels.
            baselines: What covered pixels become; the map is the mean over them.
            judged: Whether to compare the map with random orders, which takes longer.
            adaptive: Whether to cover about a third of the windows and interpolate the others.
            seed: Seed of the noise and of the random orders.

        Raises:
            PhotoError: The file does not exist, or the photo cannot be decoded.
            ConfigError: A window or stride does not fit the photo as the model sees it.
            CellError: There is no such cell.
        """
        from geoguess_cli.occlusion.explanation import Plan, explain_photo
        from geoguess_cli.occlusion.faithfulness import STEPS
        from geoguess_cli.occlusion.targets import Question

        plan = Plan(
            window=window,
            stride=stride,
            baselines=tuple(baselines),
            steps=STEPS if judged else 0,
            seed=seed,
            adaptive=adaptive,
        )
        return explain_photo(self.predictor, photo, Question(target), plan, truth=truth)
