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
