// AMD Instinct MI300X, 304 CUs in 8 XCDs at 2.1 GHz.
// Peaks, HBM3 and Infinity Cache (l3): "AMD CDNA 3 Architecture" white paper (2023), tables 1 and 2; MI300X data sheet. LDS: 64 KiB
// and 128 bytes a cycle and CU. L2: 4 MiB an XCD, 16 channels of 128 bytes a cycle. Registers: 512 KiB a CU; 128 lanes, three reads
// and a write a cycle. Latencies: measured by Chips and Cheese, "Testing AMD's Giant MI300X" (2024). Transactions: L2 lines of
// 128 bytes, HBM in 64.
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
  "GPU" = #dlti.target_device_spec<
    "name" = "AMD Instinct MI300X",
    "host" = false,
    "compute_units" = 304 : i64,
    "threads" = 2048 : i64,
    "warp" = 64 : i64,
    "vector_bits" = 32 : i64,
    "registers" = 256 : i64,
    "launch_seconds" = 6.0e-6 : f64,
    "vector_peak" = #dlti.map<"f64" = 8.17e13 : f64, "f32" = 1.634e14 : f64, "f16" = 1.634e14 : f64, "bf16" = 1.634e14 : f64, "i8" = 1.634e14 : f64>,
    "matrix_peak" = #dlti.map<"f64" = 1.634e14 : f64, "f32" = 1.634e14 : f64, "tf32" = 6.537e14 : f64, "f16" = 1.3074e15 : f64, "bf16" = 1.3074e15 : f64, "i8" = 2.6149e15 : f64>,
    "memory" = #dlti.map<
      "register" = #dlti.map<"capacity" = 524288 : i64, "instances" = 304 : i64, "bandwidth" = 1.3e15 : f64>,
      "workgroup" = #dlti.map<"capacity" = 65536 : i64, "instances" = 304 : i64, "bandwidth" = 8.17e13 : f64, "latency" = 3.1e-8 : f64>,
      "l2" = #dlti.map<"capacity" = 4194304 : i64, "instances" = 8 : i64, "bandwidth" = 3.44e13 : f64, "read_transaction" = 128 : i64, "write_transaction" = 64 : i64, "latency" = 1.2e-7 : f64>,
      "l3" = #dlti.map<"capacity" = 268435456 : i64, "instances" = 1 : i64, "bandwidth" = 1.72e13 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 2.2e-7 : f64>,
      "global" = #dlti.map<"capacity" = 206158430208 : i64, "instances" = 1 : i64, "bandwidth" = 5.3e12 : f64, "read_transaction" = 64 : i64, "write_transaction" = 64 : i64, "latency" = 3.5e-7 : f64>>>>} {}
