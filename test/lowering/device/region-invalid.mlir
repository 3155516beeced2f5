// A grid that does not fit is refused, by what it would wait for: never hung.
// RUN: dl-opt %s --pass-pipeline='builtin.module(ctrl-region-to-kernel)' --split-input-file --verify-diagnostics

module attributes {dlti.target_system_spec = #dlti.target_system_spec<
  "GPU" = #dlti.target_device_spec<"name" = "small", "host" = false, "compute_units" = 2 : i64, "threads" = 64 : i64,
    "warp" = 32 : i64, "vector_bits" = 32 : i64, "registers" = 255 : i64, "launch_seconds" = 4.0e-6 : f64,
    "vector_peak" = #dlti.map<"f32" = 1.0e12 : f64>,
    "memory" = #dlti.map<
      "register" = #dlti.map<"capacity" = 262144 : i64, "instances" = 2 : i64, "bandwidth" = 4.6e14 : f64>,
      "workgroup" = #dlti.map<"capacity" = 65536 : i64, "instances" = 2 : i64, "bandwidth" = 3.1e13 : f64>,
      "global" = #dlti.map<"capacity" = 1000000000 : i64, "instances" = 1 : i64, "bandwidth" = 1.0e12 : f64>>>>} {
  func.func @many(%x: memref<4xf32>, %n: index) {
    // expected-error @below {{5 blocks of a kernel that waits for all of them: this device is sure to run 4 of them at once}}
    ctrl.region at(grid) workers(5) threads(32) {
      ctrl.loop %i to %n {
        ctrl.task (%j) in (4) outs(%b = %x : memref<4xf32>) {
          linalg.exp ins(%b : memref<4xf32>) outs(%b : memref<4xf32>)
        }
        ctrl.next
      }
      ctrl.yield
    }
    return
  }
}

// -----

func.func @threads(%x: memref<4xf32>) {
  // expected-error @below {{ctrl-region-to-kernel: workers must be positive, threads 1 to 32 or a multiple of 32}}
  ctrl.region at(grid) workers(5) threads(33) {
    ctrl.yield
  }
  return
}

// -----

func.func @graph(%x: memref<4xf32>) {
  // expected-error @below {{ctrl-region-to-kernel: only regions at the grid, without tokens, clusters and results}}
  ctrl.region at(graph) {
    ctrl.yield
  }
  return
}
