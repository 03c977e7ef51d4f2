"""What the benchmarks claim: each figure, the script that measures it, and its limit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A figure that a script prints, and its limit.

    Attributes:
        name: What to call it on the command line.
        words: What is claimed.
        command: The script and its options.
        small: Options in their place that make it quick.
        key: The key of the figure in a line of JSON that the script prints.
        limit: What the figure is compared with.
        at_most: Whether the figure must be at most the limit, else at least.
        unit: The unit of both.
        gpu: Whether it is measured on a GPU, and left out where there is none.
    """

    name: str
    words: str
    command: str
    small: str
    key: str
    limit: float
    at_most: bool = True
    unit: str = ""
    gpu: bool = False


_ZIPS, _ZIPS_SMALL = "sources.py osv-5m", "sources.py osv-5m --rows 20000 --zips 4"
_MINI, _MINI_SMALL = "sources.py osv-mini", "sources.py osv-mini --rows 2000"
_KEPT, _KEPT_SMALL = "kept_features.py", "kept_features.py --photos 20000"
_MEMORY, _MEMORY_SMALL = "worker_memory.py", "worker_memory.py --photos 20000"


def _of_5_million(verb: str, seconds: float, gigabytes: float | None = None) -> list[Claim]:
    """The claims of one verb on five million rows."""
    words = f"{verb}, 5 million rows in 98 zips"
    claims = [Claim(f"{verb}-5m-s", words, _ZIPS, _ZIPS_SMALL, f"{verb}_s", seconds, unit="s")]
    if gigabytes is not None:
        key = f"{verb}_gb"
        claims.append(Claim(f"{verb}-5m-gb", words, _ZIPS, _ZIPS_SMALL, key, gigabytes, unit="GB"))
    return claims


def _of_kept_features() -> list[Claim]:
    """The claims of the kept features of five million photos."""
    words = "kept features of 5 million photos in zips, 768 a photo"
    return [
        Claim("kept-features-disk", f"{words}: disk", _KEPT, _KEPT_SMALL, "disk_gb", 8, unit="GB"),
        Claim(
            "kept-features-memory",
            f"{words}: memory of a process that finds them all and reads batches",
            _KEPT,
            _KEPT_SMALL,
            "memory_gb",
            2,
            unit="GB",
        ),
    ]


_PAPER_MAP = "occlusion.py --paper --window 32 --stride 32"
_PAPER_MAP_SMALL = "occlusion.py --paper --window 112 --stride 112 --per-call 4"


def _of_maps() -> list[Claim]:
    """The claims of occlusion maps; those of ranks need a trained model in artifacts/model."""
    of_paper = [
        Claim(f"occlusion-{name}", words, _PAPER_MAP, _PAPER_MAP_SMALL, key, limit, at_most)
        for name, words, key, limit, at_most in (
            (
                "fp32",
                "exact map of the paper's model, times Captum at its best",
                "fp32_times_captum",
                1.05,
                False,
            ),
            ("bf16", "the same in bf16, times Captum in fp32", "bf16_times_captum", 3, False),
            (
                "equal",
                "greatest difference of the exact map from Captum's",
                "greatest_difference",
                1e-5,
                True,
            ),
        )
    ]
    of_sample = [
        Claim(
            f"occlusion-{name}-rank-{stride}",
            f"{words}, 12 photos, windows of {window} px every {stride}",
            f"occlusion_ranks.py --window {window} --stride {stride}",
            "occlusion_ranks.py --photos 2 --window 32 --stride 16",
            f"{name}_rank",
            limit,
            at_most=False,
        )
        for window, stride in ((32, 8), (16, 4))
        for name, words, limit in (
            ("bf16", "mean rank correlation of maps in bf16 with exact ones, sample model", 0.99),
            ("adaptive", "the same of adaptive maps of a third of the windows", 0.98),
        )
    ]
    return of_paper + of_sample


def _of_training() -> list[Claim]:
    """The claims of training beside a bare loop of the same model."""
    words = "photos a second of training, of a bare loop with tensors in memory"
    rows = (
        ("sample-bf16", "sample model, 512 px, bf16", "--precision bf16"),
        ("sample-fp32", "sample model, 512 px, fp32", "--precision fp32"),
        ("paper", "paper's model, 512 px", "--paper"),
        ("paper-2048", "paper's model, 2,048 px", "--paper --side 2048"),
    )
    return [
        Claim(
            f"training-{name}",
            f"{words}: {what}",
            f"training.py {options}",
            f"training.py {options} --small",
            "of_bare",
            0.95,
            at_most=False,
        )
        for name, what, options in rows
    ]


def _of_onnx() -> list[Claim]:
    """The claims of an ONNX file beside its model folder."""
    command, small = "onnx_file.py", "onnx_file.py --small"
    words = "photos a second by an ONNX file, of those by torch, fp32"
    return [
        Claim(
            "onnx-first",
            "first answer by an ONNX file, sample model",
            command,
            small,
            "onnx_first_s",
            1.5,
            unit="s",
        ),
        Claim("onnx-photos", words, command, small, "onnx_predict_of_torch", 0.9, at_most=False),
    ]


CLAIMS = (
    Claim(
        "archives",
        "photos a second in stored zips, of those of loose files",
        "archives.py",
        "archives.py --photos 64 --rounds 2",
        "zips_of_loose",
        0.9,
        at_most=False,
    ),
    Claim(
        "worker-memory",
        "private memory of a worker beyond its imports, 5 million photos",
        _MEMORY,
        _MEMORY_SMALL,
        "private_mb",
        300,
        unit="MB",
    ),
    *_of_5_million("import", 90, 3),
    *_of_5_million("open", 20),
    *_of_5_million("split", 20),
    *_of_5_million("cells", 12, 2),
    *_of_kept_features(),
    *(
        Claim(f"{verb}-mini", f"{verb}, 129,083 rows", _MINI, _MINI_SMALL, f"{verb}_s", 3, unit="s")
        for verb in ("inspect", "import", "split", "cells")
    ),
    Claim(
        "laptop",
        "from 107,000 JPEGs to a report by the recipe laptop, in passes of the encoder",
        "laptop.py --cells 90",
        "laptop.py --photos 300 --test 60 --weights none",
        "times_the_pass",
        1.2,
    ),
    Claim(
        "laptop-minutes",
        "from 107,000 JPEGs to a report by the recipe laptop",
        "laptop.py --cells 90",
        "laptop.py --photos 300 --test 60 --weights none",
        "minutes",
        40,
        unit="minutes",
    ),
    Claim(
        "evaluation",
        "evaluation beyond the forward passes, of 60 s, 100,000 photos",
        "evaluation.py",
        "evaluation.py --photos 2000 --cells 50",
        "of_target",
        1,
    ),
    Claim(
        "evaluation-memory",
        "memory of an evaluation, of 4 GB",
        "evaluation.py",
        "evaluation.py --photos 2000 --cells 50",
        "of_target_memory",
        1,
    ),
    *_of_maps(),
    *_of_training(),
    Claim(
        "busy",
        "training beside a busy process, of its speed alone",
        "busy.py",
        "busy.py --seconds 15 --rounds 1",
        "beside_of_alone",
        0.5,
        at_most=False,
    ),
    Claim(
        "predict",
        "2,000 photos answered, of model and decoding on the same cores",
        "predicting.py many",
        "predicting.py many --small",
        "of_limit",
        0.95,
        at_most=False,
    ),
    Claim(
        "first-answer",
        "first answer of predict, times the import of torch and timm alone",
        "predicting.py first",
        "predicting.py first --small",
        "first_of_import",
        1.25,
    ),
    Claim(
        "gpu-training",
        "photos a second of training on a GPU, paper's model, 224 px, of the bare step",
        "accelerator.py",
        "accelerator.py --small",
        "of_bare",
        0.95,
        at_most=False,
        gpu=True,
    ),
    Claim(
        "gpu-map",
        "occlusion map of the paper's model on a GPU",
        "accelerator.py",
        "accelerator.py --small",
        "map_s",
        10,
        unit="s",
        gpu=True,
    ),
    *_of_onnx(),
)
"""All claims. A script that several claims name runs once for all of them."""
