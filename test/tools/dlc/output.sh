#!/bin/sh
# dlc's output comes into being whole or not at all, and dl-run refuses what is not a whole program for this CPU.
#
#   output.sh DLC DL_RUN MODEL     prints a line for each failed check and the counts; exit 1 when one failed
set -u
dlc=$1
dl_run=$2
model=$3
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
TMPDIR=$dir/tmp
export TMPDIR
mkdir "$TMPDIR" "$dir/folder" "$dir/out"
checks=0
failures=0

fail() {
  failures=$((failures + 1))
  echo "FAIL $1"
  sed 's/^/  /' "$dir/log"
}

# expect CODE TEXT COMMAND...: it ends with CODE, TEXT (a basic regular expression) is in what it printed, and out/ and
# the folder for temporary files are empty.
expect() {
  want=$1 text=$2
  shift 2
  checks=$((checks + 1))
  "$@" >"$dir/log" 2>&1
  got=$?
  [ $got -eq "$want" ] && grep -q -e "$text" "$dir/log" || fail "$*: exit $got, expected $want and '$text'; it printed:"
  left=$(ls -A "$dir/out" "$TMPDIR" | grep -v -e ':$' -e '^$')
  [ -z "$left" ] || fail "$*: left $left"
}

# limited N COMMAND...: with files of at most N blocks, which stands for a full disk; what it prints goes through a pipe.
limited() (
  trap '' XFSZ
  blocks=$1
  shift
  {
    ulimit -f "$blocks"
    "$@" 2>&1
    echo "status $?"
  } | cat >"$dir/printed"
  cat "$dir/printed"
  exit "$(sed -n 's/^status //p' "$dir/printed")"
)

# Known before the work.
expect 1 'cannot write .*/nowhere/x.so: No such file' "$dlc" "$model" -o "$dir/nowhere/x.so"
expect 1 'cannot write .*/folder: Is a directory' "$dlc" "$model" -o "$dir/folder"
expect 1 'cannot write .*/log/x.so: Not a directory' "$dlc" "$model" -o "$dir/log/x.so"
expect 1 'cannot write .*/nowhere/x.ptx: No such file' "$dlc" "$model" --target=nvptx -o "$dir/nowhere/x.ptx"
expect 1 'cannot write .*/nowhere/t.json: No such file' "$dlc" "$model" -o "$dir/out/x.so" --timing-json="$dir/nowhere/t.json"
expect 1 'nowhere/t: No such file' "$dlc" "$model" -o "$dir/out/x.so" --save-temps="$dir/nowhere/t"
expect 1 'cannot write .*/nowhere/x.mlir: No such file' "$dlc" "$model" --emit-mlir=place -o "$dir/nowhere/x.mlir"
expect 64 "no stage 'plaice'" "$dlc" "$model" --emit-mlir=plaice -o "$dir/out/x.mlir"

# A disk that fills up.
for ending in so o s ll; do
  expect 1 "cannot write .*/x.$ending: File too large" limited 1 "$dlc" "$model" -o "$dir/out/x.$ending"
done
expect 1 'cannot write .*/x.ptx: File too large' limited 1 "$dlc" "$model" --target=nvptx -o "$dir/out/x.ptx"
expect 1 'cannot write .*: File too large' limited 1 "$dlc" "$model" --target=amdgcn -o "$dir/out/x.hsaco"
expect 1 'cannot write .*/x.mlir: File too large' limited 1 "$dlc" "$model" --emit-mlir=llvm -o "$dir/out/x.mlir"
expect 1 'cannot write .*/01-import.mlir: File too large' limited 1 "$dlc" "$model" -o "$dir/out/x.so" --save-temps="$dir/folder"
checks=$((checks + 1))
[ -z "$(ls -A "$dir/folder")" ] || fail 'half of a stage was left'

# Stopped while it works: it waits for its model, which is a pipe.
mkfifo "$dir/endless.mlir"
checks=$((checks + 1))
"$dlc" "$dir/endless.mlir" -o "$dir/out/x.so" --timing-json="$dir/out/t.json" >"$dir/log" 2>&1 &
child=$!
n=0
while [ -z "$(ls -A "$dir/out")" ] && [ $n -lt 100 ]; do sleep 0.1 && n=$((n + 1)); done
kill -TERM $child
wait $child
[ $? -eq 143 ] && [ $n -lt 100 ] && [ -z "$(ls -A "$dir/out")" ] || fail "stopped: left $(ls -A "$dir/out")"

# Pipes and links stay what they are.
mkfifo "$dir/pipe"
checks=$((checks + 1))
cat "$dir/pipe" >"$dir/piped.so" &
"$dlc" "$model" -o "$dir/pipe" 2>"$dir/log" || fail 'a pipe as output'
wait
[ -p "$dir/pipe" ] || fail 'the pipe was replaced'
"$dlc" "$model" -o "$dir/out/linear.so" 2>"$dir/log" && cmp "$dir/piped.so" "$dir/out/linear.so" || fail 'a program through a pipe differs'
mv "$dir/out/linear.so" "$dir/linear.so"
checks=$((checks + 1))
: >"$dir/target.so"
ln -s target.so "$dir/link.so"
"$dlc" "$model" -o "$dir/link.so" 2>"$dir/log" && [ -L "$dir/link.so" ] && [ -s "$dir/target.so" ] || fail 'a link as output'

# LLVM IR stands with the file of constants that it names: llc makes an object of them.
checks=$((checks + 1))
"$dlc" "$model" -o "$dir/linear.ll" 2>"$dir/log" && llc -filetype=obj -relocation-model=pic "$dir/linear.ll" -o "$dir/linear.o" >"$dir/log" 2>&1 || fail 'LLVM IR that llc refuses'
mkdir "$dir/folder/x.ll.weights"
expect 1 'cannot write .*/folder/x.ll.weights: ' "$dlc" "$model" -o "$dir/folder/x.ll"
[ -z "$(ls -A "$dir/folder" | grep -v weights)" ] || fail 'half of an output was left'

# Programs that are not whole, not for this CPU, or given other inputs than they have.
so=$dir/linear.so
size=$(wc -c <"$so")
for n in 1 63 64 1000 $((size / 2)) $((size - 1)); do
  head -c $n "$so" >"$dir/cut.so"
  expect 3 'cut.so: \(not an ELF\|truncated or damaged\)' "$dl_run" "$dir/cut.so" --dim batch=2
done
LC_ALL=C sed 's/"cmov"/"lwp" /' "$so" >"$dir/cpu.so"
expect 3 'cpu.so: .*lwp' "$dl_run" "$dir/cpu.so" --dim batch=2
LC_ALL=C sed 's/"format": 1/"format": 9/' "$so" >"$dir/format.so"
expect 3 'format.so: .*format' "$dl_run" "$dir/format.so" --dim batch=2
cp "$so" "$dir/machine.so"
printf '\267\000' | dd of="$dir/machine.so" bs=1 seek=18 conv=notrunc 2>"$dir/log"
expect 3 'machine.so: ' "$dl_run" "$dir/machine.so" --dim batch=2
expect 3 "input 'x': dimension 1 is 5, the program has 4" "$dl_run" "$so" --shape x=2x5
expect 3 "input 'x': .*rank\|input 'x': .*dimensions" "$dl_run" "$so" --shape x=4
expect 3 'linear.mlir: not an ELF file' "$dl_run" "$model"
printf '\223NUMPY\001\000\074\000{"descr": "<f8", "fortran_order": False, "shape": (0, 4), }\n' >"$dir/f64.npy"
expect 3 "input 'x': the program has float32, the given tensor float64" "$dl_run" "$so" --input x="$dir/f64.npy"
expect 0 'output y: float32 \[0, 3\]' "$dl_run" "$so" --dim batch=0
expect 0 'output y: float32 \[2, 3\]' "$dl_run" "$so" --dim batch=2

echo "output: $checks checks, $failures failed"
[ $failures -eq 0 ]
