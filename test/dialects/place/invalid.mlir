// RUN: dl-opt %s --split-input-file --verify-diagnostics

module attributes {dlti.map = #dlti.map<"pools" = #dlti.map<"hbm" = 1 : i64>>} {
func.func @pool() {
  // expected-error @+1 {{the device description has no pool 'nvme'}}
  %a = place.alloc : memref<4xf32, #place.pool<nvme>>
  return
}
}

// -----

func.func @same_pool(%a: memref<4xf32, #place.pool<hbm>>, %b: memref<4xf32, #place.pool<hbm>>) {
  // expected-error @+1 {{stays in its pool: use memref.copy}}
  %t = place.move %a to %b : memref<4xf32, #place.pool<hbm>> to memref<4xf32, #place.pool<hbm>>
  return
}

// -----

func.func @shape(%a: memref<4xf32, #place.pool<hbm>>, %b: memref<5xf32, #place.pool<host>>) {
  // expected-error @+1 {{moves between buffers of one shape and element type}}
  %t = place.move %a to %b : memref<4xf32, #place.pool<hbm>> to memref<5xf32, #place.pool<host>>
  return
}

// -----

func.func @dynamic_offset(%n: index) {
  // expected-error @+1 {{a planned buffer of dynamic shape needs 'max' bytes}}
  %a = place.alloc(%n) offset(0) : memref<?xf32, #place.pool<hbm>>
  return
}

// -----

func.func @no_pool() {
  // expected-error @+1 {{needs a buffer in a #place.pool, has memref<4xf32, 1>}}
  %a = place.alloc : memref<4xf32, 1>
  return
}

// -----

func.func @sizes(%n: index) {
  // expected-error @+1 {{needs 1 sizes, one a dynamic dimension, has 0}}
  %a = place.alloc : memref<?xf32, #place.pool<hbm>>
  return
}

// -----

func.func @negative_offset() {
  // expected-error @+1 {{offset must not be negative}}
  %a = place.alloc offset(-8) : memref<4xf32, #place.pool<hbm>>
  return
}

// -----

func.func @release(%a: memref<4xf32, 1>) {
  // expected-error @+1 {{needs a buffer in a #place.pool}}
  place.release %a : memref<4xf32, 1>
  return
}

// -----

func.func @move_unplaced(%a: memref<4xf32, 1>, %b: memref<4xf32, #place.pool<host>>) {
  // expected-error @+1 {{needs a source in a #place.pool, has memref<4xf32, 1>}}
  %t = place.move %a to %b : memref<4xf32, 1> to memref<4xf32, #place.pool<host>>
  return
}
