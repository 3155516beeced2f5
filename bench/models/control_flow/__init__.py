"""Networks whose path depends on data: loops, branches and recursion, one workload a file.

Sizes and definitions are those of Zhang et al., "Cocktailer: Analyzing and Optimizing
Dynamic Control Flow in Deep Learning", OSDI 2023, where the file does not say otherwise.
"""

# name -> (module, class)
WORKLOADS = {
    "lstm": ("control_flow.lstm", "Lstm"),
    "nasrnn": ("control_flow.nasrnn", "NasRnn"),
    "attention": ("control_flow.attention", "Attention"),
    "seq2seq": ("control_flow.seq2seq", "Seq2Seq"),
    "beam_search": ("control_flow.beam_search", "BeamSearch"),
    "rnnt": ("control_flow.rnnt", "RnnT"),
    "early_exit": ("control_flow.early_exit", "EarlyExit"),
    "blockdrop": ("control_flow.blockdrop", "BlockDrop"),
    "skipnet": ("control_flow.skipnet", "SkipNet"),
    "rae": ("control_flow.rae", "Rae"),
    "scalar_map": ("control_flow.scalar_map", "ScalarMap"),
}
