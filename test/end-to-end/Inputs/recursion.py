# Recursions of every form, with the same functions in Python: recursion.py DIR N...
#
# Writes DIR/recursion.mlir, whose main takes a number n and a vector x, and for each N DIR/N/{n,x,numbers,vectors}.npy.
import os
import sys
import numpy as np

MLIR = """
// Two calls whose results are added; constants above both.
func.func private @fib(%n: index) -> index {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %small = arith.cmpi ule, %n, %one : index
  %r = scf.if %small -> (index) {
    scf.yield %n : index
  } else {
    %a = arith.subi %n, %one : index
    %b = arith.subi %n, %two : index
    %x = func.call @fib(%a) : (index) -> index
    %y = func.call @fib(%b) : (index) -> index
    %s = arith.addi %x, %y : index
    scf.yield %s : index
  }
  return %r : index
}
// A call whose argument is a call; the outer one is a tail call, from a switch.
func.func private @ackermann(%m: index, %n: index) -> index {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.index_switch %m -> index
  case 0 {
    %s = arith.addi %n, %one : index
    scf.yield %s : index
  }
  default {
    %k = arith.subi %m, %one : index
    %isZero = arith.cmpi eq, %n, %zero : index
    %t = scf.if %isZero -> (index) {
      %u = func.call @ackermann(%k, %one) : (index, index) -> index
      scf.yield %u : index
    } else {
      %l = arith.subi %n, %one : index
      %v = func.call @ackermann(%m, %l) : (index, index) -> index
      %u = func.call @ackermann(%k, %v) : (index, index) -> index
      scf.yield %u : index
    }
    scf.yield %t : index
  }
  return %r : index
}
// Mutual, in tail position: no stack. The arguments change places, the types differ.
func.func private @even(%n: index, %a: i64, %b: i64) -> (i64, i64) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %done = arith.cmpi eq, %n, %zero : index
  %r:2 = scf.if %done -> (i64, i64) {
    scf.yield %a, %b : i64, i64
  } else {
    %m = arith.subi %n, %one : index
    %f = arith.sitofp %a : i64 to f32
    %s:2 = func.call @odd(%b, %f, %m) : (i64, f32, index) -> (i64, i64)
    scf.yield %s#0, %s#1 : i64, i64
  }
  return %r#0, %r#1 : i64, i64
}
func.func private @odd(%b: i64, %a: f32, %n: index) -> (i64, i64) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %three = arith.constant 3 : i64
  %i = arith.fptosi %a : f32 to i64
  %c = arith.addi %b, %three : i64
  %done = arith.cmpi eq, %n, %zero : index
  %r:2 = scf.if %done -> (i64, i64) {
    scf.yield %c, %i : i64, i64
  } else {
    %m = arith.subi %n, %one : index
    %s:2 = func.call @even(%m, %c, %i) : (index, i64, i64) -> (i64, i64)
    scf.yield %s#0, %s#1 : i64, i64
  }
  return %r#0, %r#1 : i64, i64
}
// Mutual with a stack: Hofstadter's female and male sequences.
func.func private @female(%n: index) -> index {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %done = arith.cmpi eq, %n, %zero : index
  %r = scf.if %done -> (index) {
    scf.yield %one : index
  } else {
    %m = arith.subi %n, %one : index
    %f = func.call @female(%m) : (index) -> index
    %g = func.call @male(%f) : (index) -> index
    %s = arith.subi %n, %g : index
    scf.yield %s : index
  }
  return %r : index
}
func.func private @male(%n: index) -> index {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %done = arith.cmpi eq, %n, %zero : index
  %r = scf.if %done -> (index) {
    scf.yield %zero : index
  } else {
    %m = arith.subi %n, %one : index
    %f = func.call @male(%m) : (index) -> index
    %g = func.call @female(%f) : (index) -> index
    %s = arith.subi %n, %g : index
    scf.yield %s : index
  }
  return %r : index
}
// Two branches one behind the other, each with a call in one arm: what follows the first is code of its own.
func.func private @steps(%n: index, %acc: i64) -> i64 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %seven = arith.constant 7 : i64
  %half = arith.divui %n, %two : index
  %odd = arith.remui %n, %two : index
  %isOdd = arith.cmpi eq, %odd, %one : index
  %isZero = arith.cmpi eq, %n, %zero : index
  %k = arith.index_cast %n : index to i64
  %a = scf.if %isOdd -> (i64) {
    %x = func.call @steps(%half, %acc) : (index, i64) -> i64
    %y = arith.addi %x, %k : i64
    scf.yield %y : i64
  } else {
    scf.yield %acc : i64
  }
  %b = arith.muli %a, %seven : i64
  %c = arith.xori %b, %k : i64
  %m0 = arith.subi %n, %one : index
  %m = arith.select %isZero, %zero, %m0 : index
  %third = arith.divui %m, %two : index
  %d = scf.if %isZero -> (i64) {
    scf.yield %c : i64
  } else {
    %x = func.call @steps(%third, %c) : (index, i64) -> i64
    %y = arith.subi %x, %a : i64
    scf.yield %y : i64
  }
  %e = arith.addi %d, %acc : i64
  return %e : i64
}
// A tensor that changes from call to call, one that lives across the call, and one that all calls share.
#id = affine_map<(i) -> (i)>
func.func private @wave(%n: index, %v: tensor<4xf32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %done = arith.cmpi eq, %n, %zero : index
  %e = tensor.empty() : tensor<4xf32>
  %r = scf.if %done -> (tensor<4xf32>) {
    scf.yield %v : tensor<4xf32>
  } else {
    %m = arith.subi %n, %one : index
    %w = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%v, %x : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %half = arith.constant 0.5 : f32
      %p = arith.mulf %a, %half : f32
      %s = arith.addf %p, %b : f32
      linalg.yield %s : f32
    } -> tensor<4xf32>
    %u = func.call @wave(%m, %w, %x) : (index, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %s = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel"]}
        ins(%u, %v, %w : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
      %half = arith.constant 0.5 : f32
      %p = arith.mulf %a, %half : f32
      %q = arith.subf %b, %c : f32
      %t = arith.addf %p, %q : f32
      linalg.yield %t : f32
    } -> tensor<4xf32>
    scf.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
// Tail calls whose tensors change places, within a loop of the caller, and a while loop beside.
func.func private @turn(%n: index, %a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %done = arith.cmpi eq, %n, %zero : index
  %e = tensor.empty() : tensor<4xf32>
  %r = scf.if %done -> (tensor<4xf32>) {
    scf.yield %a : tensor<4xf32>
  } else {
    %m = arith.subi %n, %one : index
    %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%x: f32, %y: f32, %o: f32):
      %half = arith.constant 0.5 : f32
      %p = arith.mulf %x, %half : f32
      %h = arith.mulf %y, %half : f32
      %q = arith.addf %p, %h : f32
      linalg.yield %q : f32
    } -> tensor<4xf32>
    %t = func.call @turn(%m, %b, %s) : (index, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    scf.yield %t : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
// A recursion whose body runs another one: Collatz, as a loop, of each number.
func.func private @halvings(%n: index) -> index {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %three = arith.constant 3 : index
  %zero = arith.constant 0 : index
  %r:2 = scf.while (%k = %n, %c = %zero) : (index, index) -> (index, index) {
    %more = arith.cmpi ugt, %k, %one : index
    scf.condition(%more) %k, %c : index, index
  } do {
  ^bb0(%k: index, %c: index):
    %bit = arith.remui %k, %two : index
    %isOdd = arith.cmpi eq, %bit, %one : index
    %next = scf.if %isOdd -> (index) {
      %p = arith.muli %k, %three : index
      %q = arith.addi %p, %one : index
      scf.yield %q : index
    } else {
      %h = arith.divui %k, %two : index
      scf.yield %h : index
    }
    %d = arith.addi %c, %one : index
    scf.yield %next, %d : index, index
  }
  return %r#1 : index
}
func.func private @total(%n: index) -> index {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %done = arith.cmpi eq, %n, %zero : index
  %r = scf.if %done -> (index) {
    scf.yield %zero : index
  } else {
    %m = arith.subi %n, %one : index
    %small = arith.minui %n, %two : index
    %h = func.call @halvings(%n) : (index) -> index
    %f = func.call @fib(%small) : (index) -> index
    %t = func.call @total(%m) : (index) -> index
    %s = arith.addi %h, %t : index
    %u = arith.addi %s, %f : index
    scf.yield %u : index
  }
  return %r : index
}
// Blocks and branches instead of regions, and an early return.
func.func private @gcd(%a: index, %b: index) -> index {
  %zero = arith.constant 0 : index
  %done = arith.cmpi eq, %b, %zero : index
  cf.cond_br %done, ^leave, ^go
^leave:
  return %a : index
^go:
  %c = arith.remui %a, %b : index
  %g = func.call @gcd(%b, %c) : (index, index) -> index
  return %g : index
}
func.func @main(%nt: tensor<i64> {dlc.name = "n", dlc.dtype = "int64", dlc.dims = []},
                %x: tensor<4xf32> {dlc.name = "x", dlc.dtype = "float32", dlc.dims = [""]})
    -> (tensor<9xi64> {dlc.name = "numbers", dlc.dtype = "int64", dlc.dims = [""]},
        tensor<2x4xf32> {dlc.name = "vectors", dlc.dtype = "float32", dlc.dims = ["", ""]}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %three = arith.constant 3 : index
  %five = arith.constant 5 : i64
  %twelve = arith.constant 12 : index
  %n64 = tensor.extract %nt[] : tensor<i64>
  %n = arith.index_cast %n64 : i64 to index
  %small = arith.remui %n, %twelve : index
  %two_ = arith.remui %n, %three : index
  %fib = call @fib(%small) : (index) -> index
  %ack = call @ackermann(%two_, %small) : (index, index) -> index
  %eo:2 = call @even(%n, %n64, %five) : (index, i64, i64) -> (i64, i64)
  %fe = call @female(%small) : (index) -> index
  %ma = call @male(%small) : (index) -> index
  %st = call @steps(%n, %five) : (index, i64) -> i64
  %to = call @total(%n) : (index) -> index
  %lcm = arith.muli %small, %three : index
  %gc = call @gcd(%n, %lcm) : (index, index) -> index
  %depth = arith.addi %n, %one : index
  %wa = ctrl.call @wave(%n, %x, %x) depth(%depth) : (index, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %tu = scf.for %i = %one to %n step %three iter_args(%v = %wa) -> (tensor<4xf32>) {
    %t = func.call @turn(%i, %v, %x) : (index, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    scf.yield %t : tensor<4xf32>
  }
  %a = arith.index_cast %fib : index to i64
  %b = arith.index_cast %ack : index to i64
  %e = arith.index_cast %fe : index to i64
  %f = arith.index_cast %ma : index to i64
  %h = arith.index_cast %to : index to i64
  %i = arith.index_cast %gc : index to i64
  %numbers = tensor.from_elements %a, %b, %eo#0, %eo#1, %e, %f, %st, %h, %i : tensor<9xi64>
  %empty = tensor.empty() : tensor<2x4xf32>
  %half = tensor.insert_slice %wa into %empty[0, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<2x4xf32>
  %vectors = tensor.insert_slice %tu into %half[1, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<2x4xf32>
  return %numbers, %vectors : tensor<9xi64>, tensor<2x4xf32>
}
"""


def fib(n):
    return n if n <= 1 else fib(n - 1) + fib(n - 2)


def ackermann(m, n):
    return n + 1 if m == 0 else ackermann(m - 1, 1) if n == 0 else ackermann(m - 1, ackermann(m, n - 1))


def even(n, a, b):
    return (a, b) if n == 0 else odd(b, a, n - 1)


def odd(b, a, n):
    return (b + 3, a) if n == 0 else even(n - 1, b + 3, a)


def female(n):
    return 1 if n == 0 else n - male(female(n - 1))


def male(n):
    return 0 if n == 0 else n - female(male(n - 1))


def wrap(v):
    return (v + 2**63) % 2**64 - 2**63


def steps(n, acc):
    a = wrap(steps(n // 2, acc) + n) if n % 2 else acc
    c = wrap(a * 7) ^ n
    d = c if n == 0 else wrap(steps((n - 1) // 2, c) - a)
    return wrap(d + acc)


def wave(n, v, x):
    if n == 0:
        return v
    w = v / 2 + x
    return wave(n - 1, w, x) / 2 + (v - w)


def turn(n, a, b):
    return a if n == 0 else turn(n - 1, b, (a + b) / 2)


def halvings(n):
    c = 0
    while n > 1:
        n, c = n * 3 + 1 if n % 2 else n // 2, c + 1
    return c


def total(n):
    return sum(halvings(k) + fib(min(k, 2)) for k in range(1, n + 1))


folder = sys.argv[1]
sys.setrecursionlimit(100000)
os.makedirs(folder, exist_ok=True)
open(f"{folder}/recursion.mlir", "w").write(MLIR)
for n in map(int, sys.argv[2:]):
    x = np.random.RandomState(n).randn(4).astype("f")
    small = n % 12
    numbers = [fib(small), ackermann(n % 3, small), *even(n, n, 5), female(small), male(small), steps(n, 5), total(n), np.gcd(n, small * 3)]
    waved = wave(n, x.astype("d"), x.astype("d"))
    turned = waved
    for i in range(1, n, 3):
        turned = turn(i, turned, x.astype("d"))
    os.makedirs(f"{folder}/{n}", exist_ok=True)
    for key, array in dict(n=np.array(n, "i8"), x=x, numbers=np.array(numbers, "i8"), vectors=np.array([waved, turned], "f")).items():
        np.save(f"{folder}/{n}/{key}.npy", array)
