# Python with NumPy and PyTorch, both over the same OpenBLAS, whose threads are PyTorch's: other ones would wait for each
# other. Debian's PyTorch is for CPUs alone.
# shellcheck shell=bash disable=SC2034,SC2154
changes=('ENV PATH=/usr/bin:/bin' 'ENV PYTHONDONTWRITEBYTECODE=1' 'CMD ["/usr/bin/python3"]')

make_root() {
  local root=$1 packages=/usr/lib/python3/dist-packages library
  unpack "$work/debian" python3-torch libopenblas0-openmp
  for library in libopenblas.so.0 libblas.so.3 liblapack.so.3; do alternative "$work/debian" "$library"; done
  find "$work/debian$packages/torch/bin" -type f ! -name torch_shm_manager -delete  # its own tests
  base "$root"
  take "$work/debian" "$root" /usr/bin/python3.11 /usr/lib/python3.11 "$packages"/{numpy,torch,torchgen} \
    /usr/lib/x86_64-linux-gnu/libtorch_global_deps.so.1.13
  copy_within "$work/debian" "$root" "$packages/typing_extensions.py"
  ln -s python3.11 "$root/usr/bin/python3"
  for library in $(libraries_of_modules "$work/debian" "$root"); do
    copy_within "$work/debian" "$root" "$library"
  done
  chroot "$root" /usr/bin/python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.11
}

# What the modules of Python in a root load, as it lies in another: libraries_of_modules FROM ROOT
libraries_of_modules() {
  (cd "$2" && find usr/lib/python3* -type f -name '*.so') |
    while read -r module; do chroot "$1" /lib64/ld-linux-x86-64.so.2 --list "/$module" || true; done |
    grep -o '/[^ ]*' | sort -u
}
