// NVIDIA H200-SXM-141GB: an H100 with other memory.
// Peaks (dense, without sparsity), L2 and shared memory sizes: "NVIDIA H100 Tensor Core GPU Architecture" whitepaper (2022), tables
// 1 to 3. 227 of 228 KiB of shared memory a block; 128 bytes a cycle and SM. Cluster: the shared memory of 8 SMs, the portable
// maximum; its bandwidth and latency and L2's, rounded: Luo et al., "Benchmarking and Dissecting the NVIDIA Hopper GPU
// Architecture via Microbenchmarking" (2024). Registers: 128 lanes, three reads and a write a cycle. Transactions as of
// the A100.
// HBM3e: 4.8e12 and 141e9 bytes (NVIDIA H200 data sheet).
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
  "GPU" = #dlti.target_device_spec<
    "name" = "NVIDIA H200-SXM-141GB",
    "host" = false,
    "compute_units" = 132 : i64,
    "threads" = 2048 : i64,
    "warp" = 32 : i64,
    "vector_bits" = 32 : i64,
    "registers" = 255 : i64,
    "launch_seconds" = 4.0e-6 : f64,
    "vector_peak" = #dlti.map<"f64" = 3.35e13 : f64, "f32" = 6.69e13 : f64, "f16" = 1.338e14 : f64, "bf16" = 1.338e14 : f64, "i8" = 1.338e14 : f64>,
    "matrix_peak" = #dlti.map<"f64" = 6.69e13 : f64, "tf32" = 4.947e14 : f64, "f16" = 9.894e14 : f64, "bf16" = 9.894e14 : f64, "i8" = 1.9789e15 : f64>,
    "memory" = #dlti.map<
      "register" = #dlti.map<"capacity" = 262144 : i64, "instances" = 132 : i64, "bandwidth" = 4.6e14 : f64>,
      "workgroup" = #dlti.map<"capacity" = 232448 : i64, "instances" = 132 : i64, "bandwidth" = 3.1e13 : f64, "latency" = 1.6e-8 : f64>,
      "cluster" = #dlti.map<"capacity" = 1859584 : i64, "instances" = 16 : i64, "bandwidth" = 3.3e12 : f64, "latency" = 1.0e-7 : f64>,
      "l2" = #dlti.map<"capacity" = 52428800 : i64, "instances" = 1 : i64, "bandwidth" = 5.6e12 : f64, "unit_bandwidth" = 1.1e11 : f64, "read_transaction" = 32 : i64, "write_transaction" = 32 : i64, "latency" = 1.5e-7 : f64>,
      "global" = #dlti.map<"capacity" = 141000000000 : i64, "instances" = 1 : i64, "bandwidth" = 4.8e12 : f64, "read_transaction" = 64 : i64, "write_transaction" = 32 : i64, "latency" = 2.7e-7 : f64>>>>} {}
