#!/bin/sh
# compare.sh DIR OUTPUT..: DIR/host.so and the emulated programs DIR/emulated-*.so give the same outputs for all data
# sets. For each of them a line, with the kernels that were launched and the copies back to the host.
dir=$1
shift
for program in "$dir"/emulated-*.so; do
  for set in "$dir"/set-*; do
    dl-run "$dir/host.so" --quiet --input-pb-dir "$set" --output-dir "$set/out" || exit 1
    expect=
    for output in "$@"; do expect="$expect --expect $output=$set/out/$output.npy"; done
    dl-run "$program" --input-pb-dir "$set" --output-dir "$set/out" $expect --atol 1e-5 > "$set/log" || { cat "$set/log"; exit 1; }
    echo "$(basename "$program") $(basename "$set") agrees: $(sed -n '/^output emulated:/{n;s/ *\([0-9]*\), \([0-9]*\).*/\1 launches, \2 copies/p}' "$set/log")"
  done
done
