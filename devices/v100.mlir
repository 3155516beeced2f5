// NVIDIA Tesla V100-SXM2-16GB, 80 SMs at 1.53 GHz.
// Peaks, HBM2 bandwidth, L2 size, shared memory and registers: "NVIDIA Tesla V100 GPU Architecture" (WP-08608-001_v1.1),
// tables 1 and 3. i8: dp4a, four times f32. L2 bandwidth (2155e9), latencies and the 128-byte reads: Jia et al., "Dissecting
// the NVIDIA Volta GPU Architecture via Microbenchmarking" (2018), chapter 3, measured. Shared memory: 128 bytes a cycle and SM.
// Registers: 64 lanes of an SM, three reads and a write a cycle.
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
  "GPU" = #dlti.target_device_spec<
    "name" = "NVIDIA V100-SXM2-16GB",
    "host" = false,
    "compute_units" = 80 : i64,
    "threads" = 2048 : i64,
    "warp" = 32 : i64,
    "vector_bits" = 32 : i64,
    "registers" = 255 : i64,
    "launch_seconds" = 5.0e-6 : f64,
    "vector_peak" = #dlti.map<"f64" = 7.8e12 : f64, "f32" = 1.57e13 : f64, "f16" = 3.14e13 : f64, "i8" = 6.28e13 : f64>,
    "matrix_peak" = #dlti.map<"f16" = 1.25e14 : f64>,
    "memory" = #dlti.map<
      "register" = #dlti.map<"capacity" = 262144 : i64, "instances" = 80 : i64, "bandwidth" = 1.25e14 : f64>,
      "workgroup" = #dlti.map<"capacity" = 98304 : i64, "instances" = 80 : i64, "bandwidth" = 1.57e13 : f64, "latency" = 1.3e-8 : f64>,
      "l2" = #dlti.map<"capacity" = 6291456 : i64, "instances" = 1 : i64, "bandwidth" = 2.155e12 : f64, "read_transaction" = 32 : i64, "write_transaction" = 32 : i64, "latency" = 1.3e-7 : f64>,
      "global" = #dlti.map<"capacity" = 17179869184 : i64, "instances" = 1 : i64, "bandwidth" = 9.0e11 : f64, "read_transaction" = 128 : i64, "write_transaction" = 32 : i64, "latency" = 3.0e-7 : f64>>>>} {}
