// NVIDIA A100-SXM4-80GB, 108 SMs at 1.41 GHz.
// Peaks (dense), HBM2e bandwidth, L2 and shared memory sizes: "NVIDIA A100 Tensor Core GPU Architecture" whitepaper (2020),
// table 1 and appendix, and the A100 80GB data sheet (2.039e12). L2: 5120 bytes a cycle (same whitepaper); a kernel gets
// about 70 % of it. Shared memory: 128 bytes a cycle and SM; 163 KiB of 164 a block. Registers: 64 lanes, three reads and a
// write a cycle. Latencies: Abdelkhalik et al., "Demystifying the NVIDIA Ampere Architecture through Microbenchmarking" (2022),
// in cycles 29, 200, 290. Transactions: sectors of 32 bytes; DRAM is fetched in 64 bytes (CUDA programming guide, L2 fetch
// granularity).
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
  "GPU" = #dlti.target_device_spec<
    "name" = "NVIDIA A100-SXM4-80GB",
    "host" = false,
    "compute_units" = 108 : i64,
    "threads" = 2048 : i64,
    "warp" = 32 : i64,
    "vector_bits" = 32 : i64,
    "registers" = 255 : i64,
    "launch_seconds" = 4.0e-6 : f64,
    "vector_peak" = #dlti.map<"f64" = 9.7e12 : f64, "f32" = 1.95e13 : f64, "f16" = 7.8e13 : f64, "bf16" = 3.9e13 : f64, "i8" = 7.8e13 : f64>,
    "matrix_peak" = #dlti.map<"f64" = 1.95e13 : f64, "tf32" = 1.56e14 : f64, "f16" = 3.12e14 : f64, "bf16" = 3.12e14 : f64, "i8" = 6.24e14 : f64>,
    "memory" = #dlti.map<
      "register" = #dlti.map<"capacity" = 262144 : i64, "instances" = 108 : i64, "bandwidth" = 1.56e14 : f64>,
      "workgroup" = #dlti.map<"capacity" = 166912 : i64, "instances" = 108 : i64, "bandwidth" = 1.95e13 : f64, "latency" = 2.1e-8 : f64>,
      "l2" = #dlti.map<"capacity" = 41943040 : i64, "instances" = 1 : i64, "bandwidth" = 5.1e12 : f64, "unit_bandwidth" = 9.0e10 : f64, "read_transaction" = 32 : i64, "write_transaction" = 32 : i64, "latency" = 1.42e-7 : f64>,
      "global" = #dlti.map<"capacity" = 85899345920 : i64, "instances" = 1 : i64, "bandwidth" = 2.039e12 : f64, "read_transaction" = 64 : i64, "write_transaction" = 32 : i64, "latency" = 2.06e-7 : f64>>>>} {}
