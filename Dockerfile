# geoguess in a container:
#
#   docker build -t geoguess .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" geoguess predict photo.jpg
#
# pip's usual build of PyTorch for Linux also computes on NVIDIA's GPUs (run with --gpus all) and takes
# 5 GB. One for CPUs alone takes 0.2 GB: --build-arg TORCH_OPTIONS="--index-url URL" with the URL that
# PyTorch's page "Get started" gives. `python tools/dockerfile.py FOLDER` takes the steps without Docker.
FROM python:3.12-slim

# What chooses the build of PyTorch: for CPUs alone, or for a version of CUDA.
ARG TORCH_OPTIONS=

WORKDIR /opt/geoguess
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY geoguess_cli ./geoguess_cli
RUN python -m pip install --no-cache-dir --constraint constraints.txt torch torchvision ${TORCH_OPTIONS}
RUN python -m pip install --no-cache-dir --constraint constraints.txt '.[interactive,serve,hub,heic]'

# Models of the hub and the caches of libraries lie in the folder that is mounted here.
ENV HOME=/work
WORKDIR /work
ENTRYPOINT ["geoguess"]
