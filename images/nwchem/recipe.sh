# NWChem: ab initio quantum chemistry, one process a container.
# No mpiexec: with two processes this build was seen to end in a wrong energy.
# shellcheck shell=bash disable=SC2034,SC2154
changes=('ENV PATH=/usr/bin:/bin' 'ENV NWCHEM_BASIS_LIBRARY=/usr/share/nwchem/libraries/' 'CMD ["/bin/sh"]')

make_root() {
  local root=$1
  unpack "$work/debian" nwchem-mpich libblas3 liblapack3
  alternative "$work/debian" libblas.so.3
  alternative "$work/debian" liblapack.so.3
  ln -sf nwchem.mpich "$work/debian/usr/bin/nwchem"
  base "$root"
  take "$work/debian" "$root" /usr/bin/nwchem /usr/share/nwchem/libraries
}
