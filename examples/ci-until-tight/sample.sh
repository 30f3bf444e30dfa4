# sample.sh INPUT BLOCKS SEED: compresses that many random blocks of 64 KiB, each by itself, and tells the ratio.
file=/data/$1
awk -v n="$2" -v seed="$3" -v size="$(stat -c %s "$file")" 'BEGIN {
  srand(seed)
  for (i = 0; i < n; i++) print int(rand() * int(size / 65536)) }' |
  while read -r block; do dd if="$file" bs=64k skip="$block" count=1 2>/dev/null; done >/tmp/sample
zstd -q -b3 -i0 -B65536 /tmp/sample
