"""onnxruntime on the CPU, all graph optimisations, one pool of N threads."""

import onnxruntime


class OnnxRuntime:
    name = "onnxruntime"
    description = "CPU provider, all graph optimisations, N intra-op threads"

    def load(self, job):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads = job.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(job.model_path, options, ["CPUExecutionProvider"])
        self.inputs = job.inputs()
        self.results = None

    def run(self):
        self.results = self.session.run(None, self.inputs)

    def outputs(self):
        return self.results
