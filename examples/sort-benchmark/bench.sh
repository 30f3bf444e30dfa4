# bench.sh TOOL LINES SEED: sorts that many numbers, made from the seed, ten times, and tells how long one took.
tool=$1 lines=$2 seed=$3
awk -v n="$lines" -v s="$seed" 'BEGIN { srand(s); for (i = 0; i < n; i++) printf "%09d\n", rand() * 1000000000 }' >/tmp/lines
case $tool in
  sort) sorted() { sort /tmp/lines; } ;;      # as texts
  sort-n) sorted() { sort -n /tmp/lines; } ;; # as numbers
esac
# Hundredths of a second since the machine was started.
now() { cut -d' ' -f1 /proc/uptime | tr -d .; }
begin=$(now)
for _ in 1 2 3 4 5 6 7 8 9 10; do sorted >/tmp/sorted; done
end=$(now)
[ "$(wc -l </tmp/sorted)" = "$lines" ] || exit 1
echo "latency_ms=$((end - begin))"
