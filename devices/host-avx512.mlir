// Two cores of a generic server CPU with AVX-512 and 1 MiB of L2 each.
// Sizes: what the CPU reports (getconf): 32 KiB L1, 1 MiB L2, 32 MiB L3 a group of cores.
// Peaks: 32 f32 operations a cycle at 3.6 GHz, a core that splits 512-bit FMA over two 256-bit units (AMD, software
// optimisation guide for Zen 4); vdpbf16ps and vpdpbusd do 2 and 4 times as many. A core with two 512-bit units does
// 64 at about 2.5 GHz: 1.6e11 a core.
// Bandwidth: L1 one 64-byte load a cycle (two 32-byte halves); L2 64 bytes a cycle at most, about half sustained; L3 and DRAM
// by summing 8 MiB and 256 MiB on one core: 98e9 and 10e9 to 14e9.
// Launch: from one task of a running team to the next (test/runtime/latency.c).
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
  "CPU" = #dlti.target_device_spec<
    "name" = "generic AVX-512 host, 2 cores",
    "host" = true,
    "compute_units" = 2 : i64,
    "threads" = 1 : i64,
    "warp" = 1 : i64,
    "vector_bits" = 512 : i64,
    "registers" = 32 : i64,
    "launch_seconds" = 2.0e-6 : f64,
    "vector_peak" = #dlti.map<"f64" = 1.15e11 : f64, "f32" = 2.3e11 : f64, "f16" = 2.3e11 : f64, "bf16" = 2.3e11 : f64, "i8" = 4.6e11 : f64>,
    "matrix_peak" = #dlti.map<"bf16" = 4.6e11 : f64, "i8" = 9.2e11 : f64>,
    "memory" = #dlti.map<
      "register" = #dlti.map<"capacity" = 2048 : i64, "instances" = 2 : i64, "bandwidth" = 1.8e12 : f64>,
      "workgroup" = #dlti.map<"capacity" = 32768 : i64, "instances" = 2 : i64, "bandwidth" = 4.6e11 : f64>,
      "l2" = #dlti.map<"capacity" = 1048576 : i64, "instances" = 2 : i64, "bandwidth" = 2.4e11 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 4.0e-9 : f64>,
      "l3" = #dlti.map<"capacity" = 33554432 : i64, "instances" = 1 : i64, "bandwidth" = 1.8e11 : f64, "unit_bandwidth" = 9.0e10 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 1.5e-8 : f64>,
      "global" = #dlti.map<"capacity" = 8589934592 : i64, "instances" = 1 : i64, "bandwidth" = 2.4e10 : f64, "unit_bandwidth" = 1.4e10 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 1.0e-7 : f64>>>>} {}
