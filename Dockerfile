# geoguess in a container:
#
#   docker build -t geoguess .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" geoguess predict photo.jpg
#
# For a GPU, build with --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu126 and run with
# --gpus all. `python tools/dockerfile.py FOLDER` runs the same steps where there is no Docker.
FROM python:3.12-slim

# The builds of PyTorch: for the CPU, or for a version of CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

WORKDIR /opt/geoguess
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY geoguess_cli ./geoguess_cli
RUN python -m pip install --no-cache-dir --constraint constraints.txt --index-url ${TORCH_INDEX} torch torchvision
RUN python -m pip install --no-cache-dir --constraint constraints.txt '.[interactive,serve,hub,heic]'

# Models of the hub and the caches of libraries lie in the folder that is mounted here.
ENV HOME=/work
WORKDIR /work
ENTRYPOINT ["geoguess"]
