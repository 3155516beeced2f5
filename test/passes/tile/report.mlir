// RUN: dl-opt %s --tile-set-device=device=a100 --tile-report -o /dev/null | FileCheck %s
// RUN: dl-opt %s --tile-set-device=device=a100 --tile-report=format=dot -o /dev/null | FileCheck %s --check-prefix=DOT
// RUN: dl-opt %s --tile-set-device=device=a100 --tile-report="format=json file=%t.json" -o /dev/null
// RUN: %{python} -c "import json; r = json.load(open('%t.json')); print(r['kernel_count'], r['edges']['workgroup'], int(r['intermediates']), [k['label'] for k in r['kernels']], r['kernels'][0]['tile'])" | FileCheck %s --check-prefix=JSON
// RUN: dl-opt %s --tile-report=file=%t.txt | FileCheck %s --check-prefix=MODULE
// RUN: FileCheck %s --check-prefix=HOST < %t.txt
// RUN: not dl-opt %s --tile-report=format=xml 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: dl-opt %s --tile-report=dynamic=8 -o /dev/null | FileCheck %s --check-prefix=DYNAMIC
// RUN: not dl-opt %s --tile-report=dynamic=0 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not dl-opt %s --tile-report=file=%t.absent/x 2>&1 | FileCheck %s --check-prefix=WRITE

// CHECK: on NVIDIA A100-SXM4-80GB
// CHECK-NEXT: {{^}}  0 project: 2 ops, 64 items of [64, 128] at workgroup, 0.30 waves
// CHECK-NEXT: 27.60 us by compute (+- 25 %): compute 23.23, workgroup 11.61, l2 2.88, global 1.80, launch 4.00, fill 0.37
// CHECK-NEXT: moves 3.7 MB at global, 14.7 MB at l2, 134.2 MB at workgroup; 1.00x the least{{$}}
// CHECK-NEXT: holds 73.7 kB of 166.9 kB at workgroup{{$}}
// CHECK-NEXT: result 0, 2.1 MB, in memory: generic does not join
// CHECK-NEXT: {{^}}  1 generic: not in a graph, moves 4.2 MB
// CHECK-NEXT: result 0, 2.1 MB, in memory: returned
// CHECK-NEXT: {{^}}  2 half-block: 4 ops, 32 items of [1, 8, 16, 16] at workgroup, 0.05 waves
// CHECK-NEXT: us by workgroup
// CHECK-NEXT: moves 542.5 kB at global, 682.0 kB at l2, 4.9 MB at workgroup; 1.00x the least; 17.4 % of the operations are overlap
// CHECK-NEXT: holds 24.1 kB of 166.9 kB at workgroup
// CHECK-NEXT: conv_2d_nhwc_hwcf -> depthwise_conv_2d_nhwc_hwc at workgroup [1, 10, 18, 16], overlap 2 along 1, 2 along 2 computed again: 278.8 kB stay out of memory
// CHECK-NEXT: result 0, 262.1 kB, in memory: returned
// CHECK-NEXT: {{^}}  3 dynamic: 1 ops, 8 items of [8, 16] at workgroup, 0.01 waves
// CHECK-NEXT: dynamic sizes taken as 64
// CHECK: {{^}}kernels 4, 1 of them not in a graph
// CHECK-NEXT: {{^}}edges register 0, workgroup 1, cluster 0, l2 0, global 0
// CHECK-NEXT: {{^}}moved 8.4 MB at global, 15.4 MB at l2, 139.1 MB at workgroup;
// CHECK-NEXT: {{^}}intermediates in memory (IRS) 2.1 MB
// CHECK-NEXT: {{^}}predicted 37.20 us

// DYNAMIC: {{^}}  3 dynamic: 1 ops, 1 items of [8, 16] at workgroup
// DYNAMIC-NEXT: dynamic sizes taken as 8
// DYNAMIC: moves 1.0 kB at global
// ZERO: error: tile-report: dynamic is at least 1

// DOT: digraph tiles {
// DOT: subgraph cluster_0 {
// DOT-NEXT: label="project\n64 items of [64, 128]\n27.60 us by compute, 3.7 MB";
// DOT-NEXT: k0_1 [label="matmul"];
// DOT: k1 [label="not in a graph"];
// DOT: k0_1 -> k1 [color=firebrick, penwidth=2, label="2.1 MB"];
// DOT: k2_1 -> k2_3 [color=dodgerblue, label="workgroup\n278.8 kB"];
// DOT-NEXT: }

// JSON: 4 1 2097152 ['project', 'generic', 'half-block', 'dynamic'] [64, 128]
// MODULE: tile.graph "project"
// HOST: on generic AVX-512 host
// FORMAT: error: tile-report: unknown format 'xml'; known are text, dot, json and jsonl
// WRITE: error: tile-report: cannot write {{.*}}absent/x: No such file
#map = affine_map<(d0, d1) -> (d0, d1)>

func.func @main(%a: tensor<512x256xf32>, %w: tensor<256x1024xf32>, %x: tensor<1x66x66x16xf32>, %p: tensor<1x1x16x16xf32>, %q: tensor<3x3x16xf32>, %s: tensor<?x16xf32>, %os: tensor<?x16xf32>) -> (tensor<512x1024xf32>, tensor<1x64x64x16xf32>, tensor<?x16xf32>) {
  %oa = tensor.empty() : tensor<512x1024xf32>
  %m = tile.graph "project" ins(%l = %a : tensor<512x256xf32>, %r = %w : tensor<256x1024xf32>) outs(%o = %oa : tensor<512x1024xf32>) schedule <[<workgroup [64, 128] step [32] stages 3>]> {
    %z = arith.constant 0.0 : f32
    %f = linalg.fill ins(%z : f32) outs(%o : tensor<512x1024xf32>) -> tensor<512x1024xf32>
    %k = linalg.matmul ins(%l, %r : tensor<512x256xf32>, tensor<256x1024xf32>) outs(%f : tensor<512x1024xf32>) -> tensor<512x1024xf32>
    tile.yield %k : tensor<512x1024xf32>
  }
  %e = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<512x1024xf32>) outs(%oa : tensor<512x1024xf32>) {
  ^bb0(%i: f32, %j: f32):
    %t = math.exp %i : f32
    linalg.yield %t : f32
  } -> tensor<512x1024xf32>
  %ob = tensor.empty() : tensor<1x64x64x16xf32>
  %h = tile.graph "half-block" ins(%b = %x : tensor<1x66x66x16xf32>, %c = %p : tensor<1x1x16x16xf32>, %d = %q : tensor<3x3x16xf32>) outs(%o = %ob : tensor<1x64x64x16xf32>) schedule <[<workgroup [1, 8, 16, 16]>]> {
    %z = arith.constant 0.0 : f32
    %n = tensor.empty() : tensor<1x66x66x16xf32>
    %f = linalg.fill ins(%z : f32) outs(%n : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %u = linalg.conv_2d_nhwc_hwcf ins(%b, %c : tensor<1x66x66x16xf32>, tensor<1x1x16x16xf32>) outs(%f : tensor<1x66x66x16xf32>) -> tensor<1x66x66x16xf32>
    %k = tile.edge %u at(workgroup) : tensor<1x66x66x16xf32>
    %g = linalg.fill ins(%z : f32) outs(%o : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    %v = linalg.depthwise_conv_2d_nhwc_hwc ins(%k, %d : tensor<1x66x66x16xf32>, tensor<3x3x16xf32>) outs(%g : tensor<1x64x64x16xf32>) -> tensor<1x64x64x16xf32>
    tile.yield %v : tensor<1x64x64x16xf32>
  }
  %y = tile.graph "dynamic" ins(%b = %s : tensor<?x16xf32>) outs(%o = %os : tensor<?x16xf32>) schedule <[<workgroup [8, 0]>]> {
    %k = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%b : tensor<?x16xf32>) outs(%o : tensor<?x16xf32>) {
    ^bb0(%i: f32, %j: f32):
      %t = math.exp %i : f32
      linalg.yield %t : f32
    } -> tensor<?x16xf32>
    tile.yield %k : tensor<?x16xf32>
  }
  return %e, %h, %y : tensor<512x1024xf32>, tensor<1x64x64x16xf32>, tensor<?x16xf32>
}
