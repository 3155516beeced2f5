#!/bin/sh
# dl-run's command line: what it prints, its exit codes (0 success, 1 differs, 2 usage, 3 failed), and that it leaves no
# half-written file.
#
#   dl-run.sh DL_RUN PROGRAMS_DIR     prints a line for each failed check and the counts; exit 1 when one failed
set -u
dl_run=$1
programs=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
checks=0
failures=0

# expect CODE TEXT ARGUMENTS...: dl-run ends with CODE, and TEXT (a basic regular expression) is in what it printed.
expect() {
  want=$1 text=$2
  shift 2
  checks=$((checks + 1))
  "$dl_run" "$@" >"$dir/log" 2>&1
  got=$?
  if [ $got -ne "$want" ] || ! grep -q -e "$text" "$dir/log"; then
    failures=$((failures + 1))
    echo "FAIL dl-run $*: exit $got, expected $want and '$text'; it printed:"
    sed 's/^/  /' "$dir/log"
  fi
}

# check WHAT COMMAND...
check() {
  what=$1
  shift
  checks=$((checks + 1))
  "$@" >/dev/null 2>&1 || { failures=$((failures + 1)); echo "FAIL $what"; }
}

sum=$programs/sum.so
out=$dir/out

# Usage.
expect 0 'usage: dl-run PROGRAM.so' --help
expect 0 '^dl-run [0-9]' --version
expect 2 'no program given'
expect 2 'unknown option --no-such' "$sum" --no-such
expect 2 'unknown option -x' "$sum" -x
expect 2 'value expected' "$sum" --bench
expect 2 'whole number' "$sum" --bench ten
expect 2 'takes no value' "$sum" --info=yes
expect 2 'NAME=VALUE expected' "$sum" --input a
expect 2 'one program expected' "$sum" "$sum"
expect 2 "no such input; the program's inputs are 'a', 'b'" "$sum" --input c=x.npy
expect 2 "no such output; the program's outputs are 'y'" "$sum" --expect z=x.npy
expect 2 'no input has a dimension of this name' "$sum" --dim rows=3
expect 3 '5000 threads is not in' "$sum" --dim batch=2 --threads 5000

# Programs.
expect 3 'no-such.so: cannot open' "$dir/no-such.so"
expect 3 'not an ELF file' "$0"
expect 3 'program was compiled for lwp' "$programs/broken_cpu.so"
expect 0 'input a: float32 \[batch, 4\]' "$sum" --info
expect 0 '0 double: rows' "$sum" --info
expect 0 '"producer": "by hand"' "$sum" --metadata

# Random inputs.
expect 3 'dimension 0 called batch is dynamic' "$sum"
expect 3 'sizes like' "$sum" --shape a=2xx
expect 3 "dimension 'batch' is 2 in input 'a'" "$sum" --shape a=2x4 --shape b=3x4
expect 3 'dimension 1 is 5, the program has 4' "$sum" --shape a=2x5 --dim batch=2
expect 3 'LO < HI' "$sum" --dim batch=2 --range a=3:1
expect 3 'no memory for a tensor' "$sum" --dim batch=4611686018427387904
expect 0 'output y: float32 \[3, 4\]' "$sum" --dim batch=3
expect 0 'min 4, max 4' "$sum" --dim batch=3 --range a=2:2.0000000001 --range b=1:1.0000000001

# Outputs, expectations.
expect 0 'wrote .*/y.npy' "$sum" --dim batch=3 --output-dir "$out"
expect 0 'agrees with what was expected: max absolute error 0,' "$sum" --dim batch=3 --expect y="$out/y.npy"
expect 1 'output y DIFFERS: 12 of 12 elements differ, first at \[0, 0\]' "$sum" --dim batch=3 --seed 1 --expect y="$out/y.npy"
expect 1 'shape 2x4, expected is 3x4' "$sum" --dim batch=2 --expect y="$out/y.npy"
expect 0 'agrees' "$sum" --dim batch=3 --seed 1 --expect y="$out/y.npy" --rtol 1000 --atol 1000
expect 0 'output y' "$sum" --input a="$out/y.npy" --input b="$out/y.npy"
expect 3 "y.npy: cannot open" "$sum" --dim batch=3 --input a="$dir/y.npy"
head -c 100 "$out/y.npy" >"$dir/cut.npy"
expect 3 'cut.npy: truncated' "$sum" --dim batch=3 --input a="$dir/cut.npy"
head -c 150 "$out/y.npy" >"$dir/cut.npy"
expect 3 'needs 48 bytes of data, the file has 22 from offset 128' "$sum" --dim batch=3 --expect y="$dir/cut.npy"
printf '\223NUMPY\001\000\074\000{"descr": "<i8", "fortran_order": False, "shape": (0, 4), }\n' >"$dir/i64.npy"
expect 3 "input 'a': the program has float32, the given tensor int64" "$sum" --dim batch=0 --input a="$dir/i64.npy"

# An ONNX data set: input_0 by its place, input_1 by its name; raw and typed data.
set_dir=$dir/set
mkdir "$set_dir"
printf '\010\001\010\004\020\001\112\020\000\000\200\077\000\000\000\100\000\000\100\100\000\000\200\100' >"$set_dir/input_0.pb"
printf '\010\001\010\004\020\001\042\020\000\000\000\000\000\000\200\077\000\000\000\000\000\000\200\077\102\001b' >"$set_dir/input_1.pb"
printf '\010\001\010\004\020\001\112\020\000\000\200\077\000\000\200\100\000\000\100\100\000\000\300\100' >"$set_dir/output_0.pb"
expect 0 'max absolute error 0,' "$sum" --input-pb-dir "$set_dir"
cp "$set_dir/input_0.pb" "$set_dir/output_0.pb"
expect 1 'got 4, expected 2' "$sum" --input-pb-dir "$set_dir"
cp "$set_dir/input_0.pb" "$set_dir/input_2.pb"
expect 3 'the program has 2 inputs, this one' "$sum" --input-pb-dir "$set_dir"
rm "$set_dir/input_2.pb"
printf '\010\001\010\004\020\001\112\020\000' >"$set_dir/input_0.pb"
expect 3 'input_0.pb: TensorProto: truncated field at offset 6' "$sum" --input-pb-dir "$set_dir"
: >"$set_dir/input_0.pb"
expect 3 'input_0.pb: TensorProto: element type 0' "$sum" --input-pb-dir "$set_dir"
expect 3 'no such directory' "$sum" --input-pb-dir "$dir/nowhere"

# Measuring.
expect 0 'latency median' "$sum" --dim batch=100 --bench 20 --threads 2
expect 0 'outside of tasks' "$sum" --dim batch=100 --profile --trace "$out/trace.json" --json "$out/report.json"
check 'the trace holds the tasks' grep -q '"name":"double"' "$out/trace.json"
check 'the report holds the profile' grep -q '"name": "double", "schedule": "rows", "calls": 1' "$out/report.json"
expect 0 '"median": ' "$sum" --dim batch=100 --bench 5 --json -
expect 3 '"code": "invalid argument"' "$sum" --json -

# A pipe stays one.
mkfifo "$dir/pipe"
cat "$dir/pipe" >"$dir/piped" &
expect 0 'output y' "$sum" --dim batch=3 --json "$dir/pipe"
wait
check 'a pipe is written to' grep -q '"outputs"' "$dir/piped"
check 'a pipe is still a pipe' [ -p "$dir/pipe" ]

# What cannot be written leaves nothing behind.
expect 3 'out: cannot write: Is a directory' "$sum" --dim batch=3 --json "$out"
expect 3 'cannot write' "$sum" --dim batch=3 --json "$dir/nowhere/report.json"
expect 3 'cannot make the directory' "$sum" --dim batch=3 --output-dir "$dir/nowhere/out"
expect 3 'cannot make the directory' "$sum" --dim batch=3 --output-dir "$out/y.npy"
if [ -w /dev/full ]; then
  checks=$((checks + 1))
  "$dl_run" "$sum" --dim batch=3 >/dev/full 2>"$dir/log"
  [ $? -eq 3 ] || { failures=$((failures + 1)); echo "FAIL a full standard output"; }
fi
# A file size limit of 1 KiB stands for a full disk (the signal that comes with it is ignored).
checks=$((checks + 1))
(
  trap '' XFSZ
  ulimit -f 1
  "$dl_run" "$sum" --dim batch=3000 --output-dir "$dir/full" --quiet >"$dir/small-log" 2>&1
)
[ $? -eq 3 ] && [ -z "$(ls "$dir/full")" ] || { failures=$((failures + 1)); echo "FAIL a full disk"; ls "$dir/full"; }
check 'no temporary file is left' [ -z "$(find "$dir" -name '*.tmp.*')" ]

echo "dl-run: $checks checks, $failures failed"
[ $failures -eq 0 ]
