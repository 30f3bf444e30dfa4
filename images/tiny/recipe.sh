# The smallest image with a shell: busybox, statically linked.
# shellcheck shell=bash disable=SC2034,SC2154
changes=('ENV PATH=/usr/bin:/bin' 'CMD ["/bin/sh"]')

make_root() {
  base "$1"
}
