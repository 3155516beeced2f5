// Four cores of a generic desktop CPU with AVX2 and FMA (x86-64-v3), as Haswell was and later ones are at least.
// Intel 64 and IA-32 Architectures Optimization Reference Manual, section on Haswell: two 256-bit FMA a cycle (32 f32
// operations), 32 KiB L1 with two 32-byte loads a cycle, 256 KiB L2 with 64 bytes a cycle at most (about 25 sustained),
// L3 about 20 bytes a cycle and core; 3.4 GHz. DRAM: two channels of DDR4-2400, 38.4e9, of which four fifths are had.
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
  "CPU" = #dlti.target_device_spec<
    "name" = "generic AVX2 host, 4 cores",
    "host" = true,
    "compute_units" = 4 : i64,
    "threads" = 1 : i64,
    "warp" = 1 : i64,
    "vector_bits" = 256 : i64,
    "registers" = 16 : i64,
    "launch_seconds" = 2.0e-6 : f64,
    "vector_peak" = #dlti.map<"f64" = 2.18e11 : f64, "f32" = 4.35e11 : f64, "f16" = 2.2e11 : f64, "bf16" = 2.2e11 : f64, "i8" = 8.7e11 : f64>,
    "memory" = #dlti.map<
      "register" = #dlti.map<"capacity" = 512 : i64, "instances" = 4 : i64, "bandwidth" = 1.7e12 : f64>,
      "workgroup" = #dlti.map<"capacity" = 32768 : i64, "instances" = 4 : i64, "bandwidth" = 8.7e11 : f64>,
      "l2" = #dlti.map<"capacity" = 262144 : i64, "instances" = 4 : i64, "bandwidth" = 3.4e11 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 4.0e-9 : f64>,
      "l3" = #dlti.map<"capacity" = 8388608 : i64, "instances" = 1 : i64, "bandwidth" = 2.7e11 : f64, "unit_bandwidth" = 6.8e10 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 1.2e-8 : f64>,
      "global" = #dlti.map<"capacity" = 17179869184 : i64, "instances" = 1 : i64, "bandwidth" = 3.1e10 : f64, "unit_bandwidth" = 1.6e10 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 8.0e-8 : f64>>>>} {}
