// The passes of DLC: name, options, statistics, documentation. ods2c makes the
// option structs, the prototypes and the table from this file (see dlc/pass.h).
// dependentDialects holds dialect names. An option is bool, int64_t, double,
// std::string, or a ListOption of int64_t. One file passes/<dialect>/<pass>.c each.
#ifndef DLC_PASSES_TD
#define DLC_PASSES_TD
include "mlir/Pass/PassBase.td"

//===--- tile ---------------------------------------------------------------===//
def TileDecomposePads : Pass<"tile-decompose-pads", "::mlir::func::FuncOp"> {
  let summary = "Make a fill and an insertion of each tensor.pad";
  let description = [{
    A `tensor.pad` with a constant value becomes a tensor that is filled, with the source
    inserted in its middle: fills and copies are cut into work items like everything else.
    A pad whose value depends on the index is left as it is.
  }];
  let dependentDialects = ["linalg", "tensor", "arith"];
}
def TileSplitBorders : Pass<"tile-split-borders", "::mlir::func::FuncOp"> {
  let summary = "Fill the borders alone of padded tensors outside of graphs";
  let description = [{
    To run once tile graphs are formed: a large tensor that is filled, with another one inserted in its
    middle, is filled along its borders only, for the host by one task.
  }];
  let statistics = [Statistic<"borders", "borders", "tensors whose borders are filled alone">];
  let dependentDialects = ["affine", "ctrl", "dlti", "linalg", "tensor", "arith"];
}
def TileSplitFreshTensors : Pass<"tile-split-fresh-tensors", "::mlir::func::FuncOp"> {
  let summary = "Give each use of a fresh tensor its own";
  let description = [{
    To run before bufferisation, whose analysis takes time with the square of what is made in one
    fresh tensor; CSE makes all fresh tensors of a type one. A fresh tensor is a `tensor.empty`, or
    what fills and insertions alone make of one; of the latter, uses that only read share one.
  }];
  let statistics = [Statistic<"copies", "copies", "fresh tensors added">];
  let dependentDialects = ["tensor"];
}
def TileReuseDestinations : Pass<"tile-reuse-destinations", "::mlir::func::FuncOp"> {
  let summary = "Let what is read for the last time lie where the result is to be";
  let description = [{
    In tasks of the host, an elementwise op's input that nothing reads behind it, and that has the result's type and map,
    is made in the slice of the result: it needs no memory of its own. To run just before bufferisation.
  }];
  let statistics = [Statistic<"reused", "reused", "destinations used twice">];
  let dependentDialects = ["tensor", "dlti"];
}
def TileFuseReductions : Pass<"tile-fuse-reductions", "::mlir::func::FuncOp"> {
  let summary = "Reduce what an elementwise op makes while it is made";
  let description = [{
    In tasks of the host, an elementwise op and a reduction of its result, of the same loops in the same order, become one
    op with two results. To run just before bufferisation: an output that moves along a reduction is nothing that other
    passes expect.
  }];
  let statistics = [Statistic<"fused", "fused", "reductions fused">];
  let dependentDialects = ["linalg", "dlti"];
}
def CtrlSliceOuts : Pass<"ctrl-slice-outs", "::mlir::func::FuncOp"> {
  let summary = "Let items that make the whole of an out make it in place";
  let description = [{
    What an item inserts whole into an out, and makes from that out, is made from a slice that is all of it:
    one-shot bufferisation, before which this is to run, then needs no buffer and no copy for it.
  }];
  let statistics = [Statistic<"outs", "outs", "outs that are made in place">];
  let dependentDialects = ["arith", "tensor"];
}
def TileSinkReshapes : Pass<"tile-sink-reshapes", "::mlir::func::FuncOp"> {
  let summary = "Move expansions of shapes behind the ops that read them";
  let description = [{
    Between a matmul on rows and what follows it on [batch, rows, columns] stands a
    `tensor.expand_shape`, which no graph can hold. Elementwise ops and reductions
    that read it are rewritten to loops over the dimensions before it; sizes of one
    that an operand has only to be broadcast go as well. Rows of a contraction that
    lie in several dynamic dimensions become one dimension.
  }];
  let dependentDialects = ["linalg", "tensor", "affine", "arith"];
}
def TileIntegerContractions : Pass<"tile-integer-contractions", "::mlir::func::FuncOp"> {
  let summary = "Contract quantised values as integers";
  let description = [{
    A contraction of a dequantised tensor of 8-bit integers with a quantised constant becomes one of the integers with
    sums of 32 bits, followed by what the zero point, the scales and the start of the sum make of it. Quantising what
    was dequantised in the same way gives the integers back; other quantising of what was computed, with a constant
    scale, multiplies by its reciprocal. What does not match stays as it is.
  }];
  let statistics = [Statistic<"contractions", "contractions", "contractions made of integers">,
                    Statistic<"quantising", "quantising", "quantising ops folded or made cheaper">];
  let dependentDialects = ["arith", "linalg", "math", "tensor"];
}
def TileChooseLayouts : Pass<"tile-choose-layouts", "::mlir::func::FuncOp"> {
  let summary = "Store the results of contractions with constants with their channels last";
  let description = [{
    The dimensions of a result that vary with a constant operand (the filters of a
    convolution) become its last ones, so that vectors of the constant are vectors of the
    result; what reads the result keeps its order as far as it can: elementwise ops,
    poolings, reductions, pads, slices, reshapes. Constants are permuted at once; what else
    there is reads through a `linalg.transpose`.
  }];
  let options = [Option<"least", "least", "int64_t", "8", "Fewest elements of the last moved dimension">];
  let statistics = [Statistic<"stored", "stored", "values that are stored in another order">];
  let dependentDialects = ["linalg", "tensor", "arith", "affine"];
}
def TileWinograd : Pass<"tile-winograd", "::mlir::func::FuncOp"> {
  let summary = "Mark the convolutions that Winograd's algorithm is to make";
  let description = [{
    A convolution with a constant 3x3 filter of float32, stride, dilation and group of one and static sizes (the number of images aside) gets the
    attribute `tile.winograd`, 2 or 4, the outputs of a transform along an axis, where that is predicted to take less
    than `margin` of the time of the sum. It keeps its meaning; `tile-lower-winograd` writes it. Results differ from
    those of the sum by up to about 1e-5 of the largest.
  }];
  let options = [Option<"mode", "mode", "std::string", "\"auto\"", "auto: mark where it pays; off: mark nothing">,
                 Option<"outputs", "outputs", "int64_t", "0", "2 or 4: mark all that can be, with so many outputs; 0: by price">,
                 Option<"margin", "margin", "double", "0.85", "Part of the sum's predicted time that is little enough">];
  let statistics = [Statistic<"marked", "marked", "convolutions marked">];
  let dependentDialects = ["dlti"];
}
def TileOrderDestinations : Pass<"tile-order-destinations", "::mlir::func::FuncOp"> {
  let summary = "Make what a tensor is inserted into before the tensor";
  let description = [{
    Bufferisation lets a tensor be made where it is to be inserted only if that place is there
    before it. Fills, insertions, fresh tensors and the arithmetic of their sizes move to
    before the op that makes the inserted tensor.
  }];
  let statistics = [Statistic<"moved", "moved", "ops moved">];
  let dependentDialects = ["linalg", "tensor"];
}
def TileGroupBytes : Pass<"tile-group-bytes", "::mlir::func::FuncOp"> {
  let summary = "Sum up products of bytes in groups of four";
  let description = [{
    A contraction of unsigned bytes with constant bytes that have a sign sums up over groups of four of the input's last
    dimension: the constant is laid out with each column's group side by side, what is missing to whole groups is padded
    with zeros. Instructions that multiply four bytes at once then need no shuffles.
  }];
  let options = [Option<"group", "group", "int64_t", "1", "Bytes of a group: 4, or 1 to leave everything as it is">];
  let statistics = [Statistic<"grouped", "grouped", "contractions grouped">];
  let dependentDialects = ["arith", "linalg", "tensor", "affine"];
}
def TileWidenOperands : Pass<"tile-widen-operands", "::mlir::func::FuncOp"> {
  let summary = "Widen what contractions read element by element";
  let description = [{
    An operand of f16 or bf16 that a contraction widens to f32, and that does not vary along the last dimension of the
    result, is widened before, once. The operand with the vectors, the weights as a rule, keeps its width in memory.
  }];
  let statistics = [Statistic<"widened", "widened", "operands widened">];
  let dependentDialects = ["arith", "linalg", "tensor"];
}
def TileFuseElementwise : Pass<"tile-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Merge elementwise ops into their only user, in registers";
  let description = [{
    A parallel `linalg.generic` whose single result has one use is merged into the
    `linalg.generic` that uses it, unless the user would compute an element of it
    more than once. `fusion=none` leaves every op as it is.
  }];
  let options = [Option<"fusion", "fusion", "std::string", "\"all\"", "none: merge nothing; register or all: merge">];
  let statistics = [Statistic<"fused", "fused", "elementwise ops merged">];
  let dependentDialects = ["linalg"];
}
def TileFormGraphs : Pass<"tile-form-graphs", "::mlir::func::FuncOp"> {
  let summary = "Group linalg ops on tensors into tile graphs";
  let description = [{
    Every linalg op on tensors comes to stand in a `tile.graph`. From a root upwards,
    a producer joins when all its uses are in the graph, when tiling the root does not
    make it compute an element twice, and when its tile has a static bound. `fusion` says how
    far: `none`, a graph for each op; `register`, only elementwise ops around another op, each
    element of what they share being read once; `all`, intermediates in workgroup memory as well.
    Then a border that windows read (a fill with a tensor inserted) joins where the price of making
    it tile by tile is lower than that of two kernels more.
    Last, a contraction whose whole rows another one, or a reduction of rows, reads joins it with what is between them, row tile by row tile, where
    the price of that is lower than that of two graphs (`chains`; for the host only). Where ops behind the graph read the
    value as well, it is kept in the tile and stored: the graph yields it after the root's results.
  }];
  let options = [Option<"fusion", "fusion", "std::string", "\"all\"", "Which edges may be nearer than memory: none, register or all">,
                 Option<"borders", "borders", "std::string", "\"cost\"", "Whether the borders of padded tensors are made in the tiles that read them: cost (where that is predicted to be faster), all or none">,
                 Option<"chains", "chains", "bool", "true", "Whether contractions may follow each other in one graph">,
                 Option<"scratchBytes", "scratch-bytes", "int64_t", "262144", "Most bytes of one intermediate tile that is not a tile of a tiled dimension">];
  let statistics = [Statistic<"graphs", "graphs", "graphs formed">, Statistic<"nodes", "nodes", "ops in graphs">,
                    Statistic<"stored", "stored", "values kept in a tile and stored">];
  let dependentDialects = ["linalg", "tile", "tensor", "dlti"];
}
def TileOnlineSoftmax : Pass<"tile-online-softmax", "::mlir::func::FuncOp"> {
  let summary = "Make attention one graph that streams its keys";
  let description = [{
    A softmax between two contractions (scores of queries and keys, perhaps scaled and masked; a sum of values by them)
    becomes a `tile.graph` with a `tile.reduce` over the keys that keeps a running maximum, sum and result, where the price
    of that is lower than that of the ops (`when`). No score is stored then. For the host only.
  }];
  let options = [Option<"when", "when", "std::string", "\"cost\"", "Which are rewritten: cost (where that is predicted to be faster), all or none">];
  let statistics = [Statistic<"rewritten", "rewritten", "softmaxes rewritten">];
  let dependentDialects = ["linalg", "tile", "tensor", "arith", "math", "dlti"];
}
def TileSoftmaxMaxima : Pass<"tile-softmax-maxima", "::mlir::func::FuncOp"> {
  let summary = "Let the maximum of a softmax not look for NaN";
  let description = [{
    The maximum over a softmax's row becomes `arith.maxnumf`: a NaN of the row makes the sum of its exponentials NaN, and
    so all of the result, whatever the maximum is.
  }];
  let statistics = [Statistic<"rewritten", "rewritten", "softmaxes rewritten">];
  let dependentDialects = ["linalg", "arith"];
}
def TileSoftmaxReciprocals : Pass<"tile-softmax-reciprocals", "::mlir::func::FuncOp"> {
  let summary = "Let a softmax divide once a row";
  let description = [{
    Where the exponentials of a softmax are divided by their sum, the reciprocal of the sum is made once a row and
    multiplied with.
  }];
  let statistics = [Statistic<"rewritten", "rewritten", "softmaxes rewritten">];
  let dependentDialects = ["linalg", "tensor", "arith"];
}
def TileSetDevice : Pass<"tile-set-device", "::mlir::ModuleOp"> {
  let summary = "Give a module the description of a device";
  let description = [{
    Sets `dlti.target_system_spec` to that of a device: the name of one of the files in devices/ (`a100`, `h100`,
    `host-avx2`, ..), or the path of such a file, which ends in `.mlir`. What chooses by cost reads it.
  }];
  let options = [Option<"device", "device", "std::string", "\"host-avx512\"", "Name or file of the device">];
  let dependentDialects = ["dlti"];
}
def TileHoistSlices : Pass<"tile-hoist-slices", "::mlir::func::FuncOp"> {
  let summary = "Compute the two halves of a gate for themselves";
  let description = [{
    Where the channels of a contraction with a constant are cut into two equal halves and nothing else reads them, as a
    gated unit does, each half becomes a contraction with its part of the constant: the slices are gone, and the halves
    fuse with what joins them. Elementwise ops, pads and depthwise windows in between are made twice, for half the
    channels each.
  }];
  let statistics = [Statistic<"hoisted", "hoisted", "gates whose halves are computed apart">];
  let dependentDialects = ["arith", "linalg", "tensor"];
}
def TileSliceTransposed : Pass<"tile-slice-transposed", "::mlir::func::FuncOp"> {
  let summary = "Cut parts out of a tensor before they are transposed";
  let description = [{
    Where a transposed tensor is read in parts only, as queries, keys and values are that one product made, each part is
    cut out of the tensor as it was and transposed for itself, next to the op that reads it. `fusion=none` leaves every
    op as it is.
  }];
  let options = [Option<"fusion", "fusion", "std::string", "\"all\"", "none: change nothing; register or all: slice first">];
  let statistics = [Statistic<"sliced", "sliced", "parts that are transposed for themselves">];
  let dependentDialects = ["linalg", "tensor"];
}
def TileGatherRows : Pass<"tile-gather-rows", "::mlir::func::FuncOp"> {
  let summary = "Read rows where they lie instead of moving them before";
  let description = [{
    Reshapes, transpositions and rolls that leave the last dimension as it is only put rows into another order, as an
    image that is cut into shifted windows. A chain of them becomes one `linalg.generic` that reads each row by
    arithmetic on indices where an elementwise op joins what was moved with something else, and then becomes a part of
    it; where what is moved was normalised row by row, which is then done on the moved rows, in the same graph; and
    where there is a roll or more than one copy. `fusion=none` leaves every op as it is.
  }];
  let options = [Option<"fusion", "fusion", "std::string", "\"all\"", "none: change nothing; register or all: gather">];
  let statistics = [Statistic<"gathered", "gathered", "chains of moves that became reads">,
                    Statistic<"hoisted", "hoisted", "of these, moved before what normalises rows">];
  let dependentDialects = ["arith", "linalg", "tensor"];
}
def TileMergeSiblings : Pass<"tile-merge-siblings", "::mlir::func::FuncOp"> {
  let summary = "Make one product of those of one matrix with several constants";
  let description = [{
    Contractions with the same left operand and constants as right ones become one, with the constants side by side; an
    elementwise op behind each, with a bias for instance, becomes one as well. Each reader takes its columns by a
    `tensor.extract_slice`. The queries, keys and values of an attention are one product then. `fusion=none` leaves every
    op as it is.
  }];
  let options = [Option<"fusion", "fusion", "std::string", "\"all\"", "none: change nothing; register or all: merge">];
  let statistics = [Statistic<"merged", "merged", "products that were merged with others">];
  let dependentDialects = ["arith", "linalg", "tensor"];
}
def TileSplitReductions : Pass<"tile-split-reductions", "::mlir::func::FuncOp"> {
  let summary = "Cut products of a row with a large matrix into parts that are contiguous";
  let description = [{
    A linalg.matmul of one row with a matrix of at least `bytes` that is no constant becomes a batch of `parts` products,
    each with consecutive rows of the matrix, and their sum.
  }];
  let options = [Option<"parts", "parts", "int64_t", "1", "Parts of a reduction; 1: all stays as it is">,
                 Option<"bytes", "bytes", "int64_t", "8388608", "Bytes of the smallest matrix that is cut">];
  let dependentDialects = ["arith", "linalg", "tensor"];
}
def TileTabulateProducts : Pass<"tile-tabulate-products", "::mlir::func::FuncOp"> {
  let summary = "Make rows of a table times a matrix rows of a table";
  let description = [{
    A product of a constant f32 matrix with rows that a linalg.generic looks up in a constant table (tokens' embeddings)
    looks up rows of the product of table and matrix instead, which is made when compiling.
  }];
  let options = [Option<"bytes", "bytes", "int64_t", "16777216", "Bytes of the largest table that is made">,
                 Option<"multiplications", "multiplications", "int64_t", "2147483648", "Most that a table may take">];
  let statistics = [Statistic<"tabulated", "tabulated", "products that became tables">];
  let dependentDialects = ["arith", "linalg"];
}
def TileTransposeOperands : Pass<"tile-transpose-operands", "::mlir::func::FuncOp"> {
  let summary = "Transpose operands of products that lie across the way in which they are read";
  let description = [{
    A product of matrices, a linalg.matmul or linalg.generic over (m, n, k), reads a large left operand as (m, k) and,
    where k is short or m large, the right one as (k, n); one of two to five columns and a long reduction as (n, k), so
    that vectors run along the reduction and have no empty lanes. An operand that lies otherwise is transposed before, a
    constant when compiling.
  }];
  let dependentDialects = ["arith", "linalg", "tensor"];
}
def TileDenseOperands : Pass<"tile-dense-operands", "::mlir::func::FuncOp"> {
  let summary = "Copy together what contractions read with strides";
  let description = [{
    An operand that a linalg.generic with a reduction reads at multiples of its loops, as a convolution of one place with
    a stride does, is read from a copy of what is used of it, where every element of that is read `uses` times or more.
  }];
  let options = [Option<"uses", "uses", "int64_t", "1024", "How often an element must be read at least">];
  let dependentDialects = ["linalg", "tensor"];
}
def TileSchedule : Pass<"tile-schedule", "::mlir::func::FuncOp"> {
  let summary = "Choose the tile of every graph";
  let description = [{
    Gives each `tile.graph` that has none a `#tile.schedule` with one workgroup fit:
    the tile of the root result that is one work item. With `panel-bytes`, a large
    input of a contraction whose vectors are reused for many rows is read through a
    `tile.edge` at(workgroup): each item copies its columns of it, once, side by side.
    Where tiles overlap in what windows read, an item may be a band of rows instead, a fit at l2, with strips of it as
    the workgroup fit: the rows that strips share are kept (edges get `halo <line ..>`).
  }];
  let options = [Option<"elements", "elements", "int64_t", "16384", "Elements of the root result that one work item computes">,
                 Option<"workers", "workers", "int64_t", "8", "Work items wanted, at least, where a graph has enough work">,
                 Option<"by", "by", "std::string", "\"cost\"", "cost: the tile of the least predicted time; rules: the one of the rules">,
                 Option<"margin", "margin", "double", "0.1", "Part by which another tile must be cheaper than the one of the rules">,
                 Option<"halo", "halo", "std::string", "\"cost\"", "What tiles share through windows: recompute, line (kept in line buffers wherever it can be), or cost: the cheaper one">,
                 Option<"candidate", "candidate", "int64_t", "0", "Take the candidate of this number in the order of price, from 1; 0: by margin">,
                 Option<"choices", "choices", "std::string", "\"\"", "File of lines 'NUMBER LABEL': the candidates that graphs of these labels take">,
                 Option<"explain", "explain", "bool", "false", "Say on each graph which tiles were priced (tile.alternatives), for tile-report">,
                 Option<"panelBytes", "panel-bytes", "int64_t", "0", "Most bytes of a panel, the copy of a contraction's input that an item makes; 0: no panels">,
                 Option<"panelColumns", "panel-columns", "int64_t", "64", "Columns of a panel: those of the register tile">];
  let statistics = [Statistic<"lines", "lines", "Values of which rows are kept in line buffers">];
  let dependentDialects = ["tile", "dlti"];
}
def TileReport : Pass<"tile-report", "::mlir::ModuleOp"> {
  let summary = "Show what the tile graphs of a module decided and what it costs";
  let description = [{
    Prints, for people, each kernel with its tile, its predicted time and what decides it, the bytes moved by level and
    how often an overlap is computed, the level of each edge, and why the values between kernels are in memory; then
    the sums: kernels, bytes by level, bytes of intermediates in memory (IRS). Ops in loops count once. With
    `format=dot` a picture of the graphs for Graphviz (`dot -Tsvg`), with `format=json` the figures for programs, with `format=jsonl`
    a line of them for each graph, with a fingerprint that is the same for equal graphs of whatever tile. The device is the one in scope
    (`tile-set-device`). The module stays as it is.
  }];
  let options = [Option<"format", "format", "std::string", "\"text\"", "text, dot, json or jsonl">,
                 Option<"file", "file", "std::string", "\"-\"", "File to write to; -: standard output">,
                 Option<"dynamic", "dynamic", "int64_t", "64", "What a dynamic size is taken as">];
  let dependentDialects = ["dlti"];
}
def TileToTasks : Pass<"tile-to-tasks", "::mlir::func::FuncOp"> {
  let summary = "Lower each scheduled tile graph to one ctrl.task";
  let description = [{
    A `tile.graph` with a schedule becomes one `ctrl.task`: an item of its grid computes one
    tile of the root result, with the tiles of the other ops that it needs, and inserts the
    tiles of all yielded values (`ctrl.in_parallel`). A graph that no schedule tiles is one item.
    A root that its schedule cannot tile is refused.
  }];
  let dependentDialects = ["linalg", "tile", "ctrl", "tensor", "affine", "scf", "arith"];
}

def TilePackConstants : Pass<"tile-pack-constants", "::mlir::func::FuncOp"> {
  let summary = "Lay constants out in the panels that tasks copy";
  let description = [{
    A task that copies a panel of columns of a constant reads a constant instead in
    which each panel is contiguous: the copy is made now. Constants that are not in
    use otherwise are dropped with the next canonicalisation.
  }];
  let statistics = [Statistic<"panels", "panels", "copies of panels made now">];
  let dependentDialects = ["arith", "tensor"];
}

def TileLowerWinograd : Pass<"tile-lower-winograd", "::mlir::ModuleOp"> {
  let summary = "Write the tiles of convolutions that tile-winograd has marked";
  let description = [{
    A marked convolution on buffers, in the body of a ctrl.task, becomes loops of vectors that transform its part of
    the image, one `linalg.generic` of point-wise products with the filter, transformed now, and loops that transform
    back. One that is not in the form that this needs stays a convolution.
  }];
  let options = [Option<"vectorBits", "vector-bits", "int64_t", "512", "Bits of a vector register">];
  let statistics = [Statistic<"lowered", "lowered", "convolutions written">];
  let dependentDialects = ["arith", "linalg", "memref", "scf", "vector"];
}

def TileViewBytes : Pass<"tile-view-bytes", "::mlir::func::FuncOp"> {
  let summary = "Read the groups of byte contractions as words";
  let description = [{
    A `linalg.generic` on memrefs that sums up products of bytes over an innermost loop of four is rewritten to one loop
    less over memrefs of 32-bit words, with `tile.dot_bytes` as its body. Buffers whose strides are not known to be
    multiples of four bytes are left alone.
  }];
  let statistics = [Statistic<"viewed", "viewed", "contractions of words">];
  let dependentDialects = ["tile", "linalg", "memref", "arith"];
}
def TileLowerDots : Pass<"tile-lower-dots", "::mlir::func::FuncOp"> {
  let summary = "Lower tile.dot_bytes to what the CPU has for it";
  let description = [{
    `form=vnni`: vpdpbusd, for vectors of 128, 256 and, with `wide`, 512 bits. `form=madd`: vpmaddwd on the even and the
    odd bytes widened to 16 bits, exact where vpmaddubsw saturates. `form=plain`, and what is no vector of these sizes:
    shifts and multiplications.
  }];
  let options = [Option<"form", "form", "std::string", "\"plain\"", "vnni, madd or plain">,
                 Option<"wide", "wide", "bool", "false", "Whether there are 512-bit instructions of the form">];
  let dependentDialects = ["arith", "llvm", "vector"];
}
def TileLowerToVector : Pass<"tile-lower-to-vector", "::mlir::func::FuncOp"> {
  let summary = "Lower linalg ops on memrefs to loops around vector operations";
  let description = [{
    Rewrites every structured linalg op on memrefs, and memref.copy, into scf.for
    loops around register tiles of vector operations. The loops, indexing maps and
    strides decide which loop becomes the lanes and which are unrolled; tails are
    masked. A fill just before an op becomes the start of its accumulators.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "512", "Bits of a vector register">,
    Option<"registers", "registers", "int64_t", "32", "Vector registers">,
    Option<"cacheBytes", "cache-bytes", "int64_t", "400000", "Bytes of an operand that stay in a core's L2 while others pass">];
  let statistics = [
    Statistic<"vector", "vector-ops", "ops lowered to vectors">,
    Statistic<"scalar", "scalar-ops", "ops lowered to scalar loops">];
  let dependentDialects = ["affine", "arith", "memref", "scf", "vector"];
}

def TileApproximateMath : Pass<"tile-approximate-math", "::mlir::func::FuncOp"> {
  let summary = "Replace math ops on f32 by polynomials";
  let description = [{
    exp, log, tanh, erf and the like on f32 (f16 and bf16 through f32) become
    arithmetic that stays in vector registers. Ops whose approximation is not as
    good as libm's values to 1e-6 are left.
  }];
  let dependentDialects = ["arith", "math", "vector"];
}

//===--- ctrl ---------------------------------------------------------------===//
def CtrlRaise : Pass<"ctrl-raise", "::mlir::ModuleOp"> {
  let summary = "Raise calls and scf of functions to ctrl";
  let description = [{
    `scf.if` and `scf.index_switch` become `ctrl.branch`, `scf.for` and `scf.while` become `ctrl.loop`, but for those in
    the bodies of tasks, graphs and linalg ops. Calls of functions that recurse become `ctrl.call`, other ones the ops of
    the callee. With `entry`, where the module has a function of that name, all others become private, so that
    `symbol-dce` removes what was inlined. Refuses to inline functions of several blocks: `lift-cf-to-scf` goes before.
  }];
  let options = [Option<"entry", "entry", "std::string", "\"\"", "The only function that is called from outside; empty: visibility says it">];
  let statistics = [Statistic<"inlined", "inlined", "calls inlined">,
                    Statistic<"recursive", "recursive", "recursive calls raised">,
                    Statistic<"raised", "raised", "scf ops raised">];
  let dependentDialects = ["arith", "ctrl", "tensor"];
}
def CtrlCheckSiblings : Pass<"ctrl-check-siblings", "::mlir::func::FuncOp"> {
  let summary = "Check that calls marked as siblings are independent";
  let description = [{
    Of the `ctrl.call`s of a function that are marked `siblings`, none may need another one's result, as an argument or to
    decide whether it runs, and none may write to a buffer that is not its own. One that does is an error.
  }];
}
def CtrlBatchRecursion : Pass<"ctrl-batch-recursion", "::mlir::ModuleOp"> {
  let summary = "Do the independent calls of a recursion at once, height by height";
  let description = [{
    Where which calls a recursion makes depends on numbers alone and not on what calls give, these are found first, as a
    table of all calls; then all calls of one height that take one way through their function are one batch, whose
    weights are read once. A counted loop that makes one call in each iteration is a forest, whose calls are of one
    table. The recursive call stays as the other arm of a branch, for `ctrl-flatten-recursion`: it is taken where the
    table has no room, the recursion is deeper than it may be, or a height has less than `least-width` calls on average.
    Left alone are recursions that do less than `min-work` multiply-adds a call with something that all calls read, those
    without siblings outside of such a loop, and what does not fit; `remarks` says why.
  }];
  let options = [Option<"maxCalls", "max-calls", "int64_t", "16384", "Most calls of a table">,
                 Option<"maxBytes", "max-bytes", "int64_t", "67108864", "Most bytes of a table">,
                 Option<"block", "block", "int64_t", "64", "Most calls of a batch">,
                 Option<"minWork", "min-work", "int64_t", "16384", "Least multiply-adds of a call">,
                 Option<"maxDepth", "max-depth", "int64_t", "1024", "Deepest recursion where the program says nothing">,
                 Option<"leastWidth", "least-width", "int64_t", "0", "Least calls of a height, on average; 0: any">,
                 Option<"remarks", "remarks", "bool", "false", "Say why a recursion is left alone">];
  let statistics = [Statistic<"batched", "batched", "recursions done in batches">,
                    Statistic<"paths", "paths", "ways through their functions">,
                    Statistic<"left", "left", "recursions left alone">];
  let dependentDialects = ["affine", "arith", "ctrl", "linalg", "tensor"];
}
def CtrlFlattenRecursion : Pass<"ctrl-flatten-recursion", "::mlir::ModuleOp"> {
  let summary = "Make loops over an explicit stack of recursive functions";
  let description = [{
    Functions on tensors that call each other, in a line, as a tree or mutually, become one `ctrl.loop` where they are
    called from outside, and the body of those that are public. What lives across a call lies in frames, tensors with a
    row for each depth; what all calls pass on unchanged stays outside of the loop; tail calls need no frame. How deep
    it may go says `depth` of the call from outside or of the recursive ones, else `max-depth`, lowered to what fits into
    `max-bytes`; deeper recursion fails when the program runs (`cf.assert`). Calls may stand in `ctrl.branch`es. Refuses
    calls in loops and tasks, values of dynamic shape that live across a call, arguments and results that are neither
    numbers nor ranked tensors, and siblings that depend on each other.
  }];
  let options = [Option<"maxDepth", "max-depth", "int64_t", "1024", "Deepest recursion where the program says nothing">,
                 Option<"maxBytes", "max-bytes", "int64_t", "1073741824", "Most bytes of the frames of one recursion">];
  let statistics = [Statistic<"loops", "loops", "loops made">, Statistic<"segments", "segments", "parts that functions were cut into">];
  let dependentDialects = ["arith", "cf", "ctrl", "tensor"];
}
def CtrlPeelLoops : Pass<"ctrl-peel-loops", "::mlir::func::FuncOp"> {
  let summary = "Peel the first iteration of counted loops";
  let description = [{
    The first iteration of a `ctrl.loop` with a constant bound of at least two and no flag goes before it, so that
    what only that iteration does can fold away.
  }];
  let statistics = [Statistic<"peeled", "peeled", "loops peeled">];
  let dependentDialects = ["arith", "ctrl"];
}
def CtrlHoistInvariants : Pass<"ctrl-hoist-invariants", "::mlir::func::FuncOp"> {
  let summary = "Move what is the same in every iteration before the loop";
  let description = [{
    Pure ops of a `ctrl.loop`'s body that read nothing that the loop makes go before it, innermost loops first. Fresh and
    filled tensors stay: they are where something else is made, and cost less than a copy of them.
  }];
  let statistics = [Statistic<"loops", "loops", "loops that something left">];
  let dependentDialects = ["ctrl"];
}
def CtrlUnrollLoops : Pass<"ctrl-unroll-loops", "::mlir::func::FuncOp"> {
  let summary = "Do several iterations of a loop as one";
  let description = [{
    Of the loops that hold no other loop, counted ones of a known bound of at most `full` go away; others do `factor`
    iterations at once, and what is left over behind them. In loops with a flag each iteration but the first is in a
    branch on the flag of the one before it.
  }];
  let options = [Option<"factor", "factor", "int64_t", "4", "iterations that become one; 1: only short loops">,
                 Option<"full", "full", "int64_t", "8", "bound up to which a loop goes away">];
  let statistics = [Statistic<"unrolled", "unrolled", "loops unrolled">];
  let dependentDialects = ["arith", "ctrl"];
}
def CtrlDistributeLoops : Pass<"ctrl-distribute-loops", "::mlir::func::FuncOp"> {
  let summary = "Split counted loops into their recurrences, and do the rest for many iterations at once";
  let description = [{
    A counted `ctrl.loop` on tensors whose body holds a contraction with something from outside that is in no recurrence
    (the product of an input and its weights, of each step of a recurrent network) is cut into blocks of iterations. In
    each, one recurrence after the other runs in a loop of its own, so that what it reads stays in the cache, and ops in
    no recurrence run for all iterations of the block as one.
  }];
  let options = [Option<"iterations", "iterations", "int64_t", "32", "of a block, at most">,
                 Option<"bytes", "bytes", "int64_t", "8388608", "of what a block keeps, where it is known">];
  let statistics = [Statistic<"distributed", "distributed", "loops cut">,
                    Statistic<"recurrences", "recurrences", "loops made of them">,
                    Statistic<"batched", "batched", "ops done for many iterations at once">];
  let dependentDialects = ["affine", "arith", "ctrl", "linalg", "tensor"];
}
def CtrlSkewLoops : Pass<"ctrl-skew-loops", "::mlir::func::FuncOp"> {
  let summary = "Run alike recurrences of a counted loop, each of which reads the one before it, as a wavefront";
  let description = [{
    A counted `ctrl.loop` over n iterations whose body holds k stages (recurrences that do the same with other carries and
    weights, each on what the one before it makes in the same iteration: the layers of a recurrent network) becomes a
    loop over n + k - 1 waves, none where n is 0. In wave w stage s runs its iteration w - s; all stages of a wave are one
    op, over stacks of their carries and weights. Loops of one block and bound, of which the later ones read row by row what the
    earlier ones put into tensors, through products of these as well, are joined to one loop first if that then becomes a
    wavefront. `when` says whether that must be predicted to be faster on the device in
    scope: parallelism, barriers or forks, and the caches that hold the weights of all stages.
  }];
  let options = [Option<"when", "when", "std::string", "\"auto\"", "auto (where it is predicted to be faster), on (wherever it can be) or off">,
                 Option<"assumeSize", "assume-size", "int64_t", "1", "What the prediction takes a dynamic size as">];
  let statistics = [Statistic<"skewed", "skewed", "loops that run as wavefronts">,
                    Statistic<"stages", "stages", "stages of them">,
                    Statistic<"joined", "joined", "loops that were joined for it">,
                    Statistic<"slower", "slower", "loops left alone since it is not predicted to be faster">];
  let dependentDialects = ["affine", "arith", "ctrl", "dlti", "linalg", "tensor"];
}
def CtrlDetensorize : Pass<"ctrl-detensorize", "::mlir::func::FuncOp"> {
  let summary = "Make numbers of the tensors of one element that only scalar arithmetic makes";
  let description = [{
    Between tasks, an op on tensors of one element becomes scalar arithmetic: where a `tensor.extract` (a condition, a
    bound, an index) depends on it, or where it stands in a loop or a branch and reads nothing but numbers and what
    comes from outside of that. Carries of `ctrl.loop` and results of `ctrl.branch` that are so made become numbers, and
    the insertion of a number becomes `tensor.insert`. Where a tensor is needed stands `tensor.from_elements`. What a
    larger op makes or consumes on the way stays in its task.
  }];
  let statistics = [Statistic<"ops", "ops", "ops that work on numbers now">,
                    Statistic<"carries", "carries", "carries and results that are numbers now">,
                    Statistic<"insertions", "insertions", "insertions of a number">];
  let dependentDialects = ["arith", "ctrl", "math", "tensor"];
}
def CtrlConvertBranches : Pass<"ctrl-convert-branches", "::mlir::func::FuncOp"> {
  let summary = "Make selections of branches whose arms are a few scalar operations";
  let description = [{
    A `ctrl.branch` on i1 whose results are numbers and whose arms hold nothing but scalar arithmetic that may run at any
    time becomes both arms and an `arith.select` a result, if the arms together cost no more than `cost`: an operation
    of arith one, divisions and functions ten.
  }];
  let options = [Option<"cost", "cost", "int64_t", "8", "Most that both arms may cost; a branch that is predicted wrongly costs about twenty">];
  let statistics = [Statistic<"converted", "converted", "branches converted">];
  let dependentDialects = ["arith", "ctrl", "math"];
}
def CtrlSinkFills : Pass<"ctrl-sink-fills", "::mlir::func::FuncOp"> {
  let summary = "Fill what a reduction in a loop or a branch starts from right there";
  let description = [{
    A fill of a fresh tensor that a linalg op in another block starts from is made again before that op, so that both
    come into one graph, and no iteration begins with a copy. To run just before graphs are formed: CSE undoes it.
  }];
  let statistics = [Statistic<"fills", "fills", "fills made again">];
  let dependentDialects = ["linalg", "tensor"];
}
def CtrlProtectInputs : Pass<"ctrl-protect-inputs", "::mlir::func::FuncOp"> {
  let summary = "Say that the arguments of a function are not to be written";
  let description = [{
    To run before bufferisation, which may otherwise let the carry of a loop live in the buffer of an argument: the
    inputs of a program are the caller's.
  }];
  let dependentDialects = ["bufferization"];
}
def CtrlSplitEdges : Pass<"ctrl-split-edges", "::mlir::func::FuncOp"> {
  let summary = "Give the items at the edge of a task's grid code of their own";
  let description = [{
    In a task on buffers with a reduction, a size min(full, what is left) is compared with `full`: items of the full
    size then run code in which it is a constant, the last ones code for the rest.
  }];
  let statistics = [Statistic<"split", "split", "tasks split">];
  let dependentDialects = ["affine", "arith", "scf"];
}
def CtrlFormTasks : Pass<"ctrl-form-tasks", "::mlir::func::FuncOp"> {
  let summary = "Make tasks of the copies, fills and other linalg ops on buffers that stand outside of them";
  let description = [{
    What bufferisation left outside of tasks comes into tasks. Copies and fills are cut along
    their outer dimensions into items of some sixteen thousand elements; any other linalg op on
    buffers becomes one item. Ops inside of tasks stay as they are.
  }];
  let dependentDialects = ["ctrl", "memref", "arith", "linalg"];
}

def CtrlReport : Pass<"ctrl-report", "::mlir::ModuleOp"> {
  let summary = "Show where the control flow of a module runs and what its iterations cost";
  let description = [{
    Prints, for people, each loop, branch, region and call of ctrl: where it is evaluated and why, how many iterations it
    has, how often an iteration synchronises (forks of the team, barriers, launches; of arms the shorter and the longer
    one), what it reads that was made once before it, whether caches hold that, and what becomes of each carried value.
    It says what the IR shows where it runs: of tensors it does not know what is copied, and of ops that are no tasks
    not what synchronises. The device is the one in scope. The module stays as it is.
  }];
  let options = [Option<"file", "file", "std::string", "\"-\"", "File to write to; -: standard output">];
  let dependentDialects = ["dlti"];
}

def CtrlToHost : Pass<"ctrl-to-host", "::mlir::ModuleOp"> {
  let summary = "Make functions and runtime calls of a bufferised, placed program";
  let description = [{
    Tasks become functions over a range of items and calls that launch them; loops, branches
    and regions become scf, evaluated by the calling thread; allocations, outputs and checks
    become calls of the runtime. Refuses more than one function with a body, recursion, tokens,
    and outputs that are no buffers of a number type.
  }];
  let dependentDialects = ["func", "scf", "memref", "arith", "affine", "llvm"];
}
def CtrlHostGlue : Pass<"ctrl-host-glue", "::mlir::ModuleOp"> {
  let summary = "Write the functions between a program in the LLVM dialect and the runtime";
  let description = [{
    After ctrl-to-host and the conversion to the LLVM dialect: writes the functions that know
    the runtime's ABI (launches, task entries, allocation, outputs, checks), the entry, and
    `dlc_program`, the descriptor and the only exported symbol.
  }];
  let options = [Option<"target", "target", "std::string", "\"host\"", "Name of the target, for the program's metadata">,
                 Option<"name", "name", "std::string", "\"program\"", "Name of the program, for its metadata">,
                 Option<"features", "features", "std::string", "\"\"", "Comma-separated CPU features that the program needs">];
  let dependentDialects = ["llvm"];
}

//===--- place --------------------------------------------------------------===//
def PlacePlan : Pass<"place-plan", "::mlir::func::FuncOp"> {
  let summary = "Give every buffer an offset in one planned arena";
  let description = [{
    Buffers of static size share one arena, whose bytes become the function's attribute
    `place.arena_bytes`: those that do not live at the same time may have the same bytes. Those
    whose sizes are known when the function is entered are views of one more buffer, made
    there. Buffers whose size depends on data come from the runtime and are released after
    their last use. What a task allocates becomes part of its workgroup memory. Refuses buffers
    with a layout, sizes that overflow, and allocations without a constant bound in a task.
  }];
  let options = [Option<"workgroup", "workgroup", "bool", "true", "Also place what tasks allocate, in workgroup memory">];
  let statistics = [Statistic<"arena", "arena-bytes", "bytes of the arena">, Statistic<"buffers", "buffer-bytes", "bytes of all buffers in it">];
  let dependentDialects = ["place", "ctrl", "memref", "arith", "gpu"];
}


def CtrlFormRegions : Pass<"ctrl-form-regions", "::mlir::func::FuncOp"> {
  let summary = "Make the body of a function on buffers one ctrl.region at the grid: what one persistent kernel runs";
  let description = [{
    To run after ctrl-form-tasks. Constants, sizes of inputs and assertions about them stay outside; buffers are
    allocated before the region, twice where an iteration gives one to the next. What is returned is copied to buffers
    of its own where it is not one. `mode`: `auto` takes functions that hold a loop or a branch, and leaves those that
    cannot be one kernel; `kernel` takes every function with work, and says why where it cannot; `host` takes none.
  }];
  let options = [Option<"mode", "mode", "std::string", "\"auto\"", "auto, kernel or host">,
                 Option<"workers", "workers", "int64_t", "0", "blocks of the kernel; 0: one for each unit of the device">,
                 Option<"threads", "threads", "int64_t", "256", "threads of a block, unless a task wants more">,
                 Option<"mostBuffers", "most-buffers", "int64_t", "0", "auto leaves functions of more buffers and constants; 0: none">];
  let statistics = [Statistic<"regions", "regions", "regions formed">];
  let dependentDialects = ["arith", "ctrl", "dlti", "linalg", "memref"];
}
//===--- devices: lowering/device ---
def CtrlRegionToKernel : Pass<"ctrl-region-to-kernel", "::mlir::ModuleOp"> {
  let summary = "each ctrl.region at the grid becomes one persistent kernel, its control flow inside, and its launch";
  let description = [{
    Every block runs the region's loops and branches on the same values; the items of a task are
    spread over the blocks. A hand-made barrier of the whole grid stands where a task, a store or a
    load touches what another block touched since the last one, in this iteration or an earlier
    one, and one of the two writes. What only the region uses is in one workspace, and numbers that
    every block computes are kept for each block. More blocks than the device is sure to run at
    once are refused: they would wait for each other for ever.
  }];
  let options = [Option<"threads", "threads", "int64_t", "256", "threads of a block, where the region names none">];
  let statistics = [Statistic<"regions", "regions", "regions lowered">,
                    Statistic<"barriers", "barriers", "places in the program with a barrier of the grid">];
  let dependentDialects = ["arith", "ctrl", "dlti", "func", "gpu", "linalg", "llvm", "memref", "scf"];
}
def CtrlTaskToGpu : Pass<"ctrl-task-to-gpu", "::mlir::ModuleOp"> {
  let summary = "each ctrl.task on buffers becomes a kernel in gpu.module @kernels and its launch";
  let description = [{
    A kernel takes bare base pointers and the sizes that the types leave open; its body is the
    task's, linalg on memrefs, on one block an item. Tasks whose bodies print alike share one
    kernel. Launches run in program order, so tokens are dropped. Refuses tasks on tensors, and
    operands that are neither strided memrefs nor scalars.
  }];
  let options = [Option<"threads", "threads", "int64_t", "256", "threads of a block, where the task names none">];
  let statistics = [Statistic<"tasks", "tasks", "tasks lowered">, Statistic<"kernels", "kernels", "different kernels made">];
  let dependentDialects = ["arith", "ctrl", "func", "gpu", "memref", "scf"];
}
def CtrlDistributeToThreads : Pass<"ctrl-distribute-to-threads", "::mlir::ModuleOp"> {
  let summary = "linalg ops in kernels become loops over the threads of a block, with barriers between them";
  let description = [{
    Structured ops of a kernel become loops over the threads of its block; what stands between
    them is run by all threads alike. A barrier stands between two accesses that may touch the
    same element from different threads. Buffers of the body go to workgroup memory, and what
    exceeds its limit to global memory. Refuses other ops with effects on memory, by name.
  }];
  let options = [Option<"warp", "warp", "int64_t", "32", "threads that share one long reduction by shuffles; 1: none">,
                 Option<"sharedLimit", "shared-limit", "int64_t", "49152", "bytes of workgroup memory a kernel may use; what exceeds it is in global memory">];
  let statistics = [Statistic<"barriers", "barriers", "barriers placed">, Statistic<"tiled", "tiled", "ops with a register tile">,
                    Statistic<"shuffled", "shuffled", "reductions by shuffles">];
  let dependentDialects = ["affine", "arith", "gpu", "llvm", "memref", "scf"];
}
def CtrlDeviceMath : Pass<"ctrl-device-math", "::mlir::ModuleOp"> {
  let summary = "math ops in kernels become arithmetic and what backends select: no device library is there";
  let description = [{
    Functions on f64 become arithmetic, those on f32 polynomials where these are good and
    arithmetic on f64 elsewhere; f16 and bf16 are computed in f32. What every backend selects
    itself (roundings, absolute values, square roots, bit counts) stays.
  }];
  let dependentDialects = ["arith", "llvm", "math"];
}
def CtrlEmulateKernels : Pass<"ctrl-emulate-kernels", "::mlir::ModuleOp"> {
  let summary = "kernels become host functions that run thread after thread, to test their results";
  let description = [{
    Takes what ctrl-distribute-to-threads{warp=1} leaves, so that a device's code is tested
    where there is no device: the threads of a block run one after the other from barrier to
    barrier, and the blocks of a persistent kernel from one barrier of the grid to the next.
    Refuses persistent kernels of more blocks than the device runs at once, shuffles, barriers that
    only some threads reach, and values that a thread loads before a barrier and uses after it.
  }];
  let options = [Option<"reverse", "reverse", "bool", "false", "run the threads of a block, and the blocks of a persistent kernel, from the last to the first">,
                 Option<"counts", "counts", "bool", "false", "give @main one more result, emulated: how many kernels it launched, and how many copies from the device the host waited for">];
  let statistics = [Statistic<"sites", "sites", "places in the program that launch a kernel">];
  let dependentDialects = ["arith", "func", "memref", "scf"];
}
#endif
