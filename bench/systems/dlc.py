"""Ours: a program made by dlc, run in process through libdlrt."""

from systems import dlrt


class Dlc:
    name = "dlc"
    description = "dlc -O2, libdlrt with N threads, outputs reused"

    def load(self, job):
        library = dlrt.Library(job.runtime)
        self.instance = dlrt.Instance(library, job.program, job.threads, job.inputs().values(), len(job.expected()))

    def run(self):
        self.instance.run()

    def outputs(self):
        return self.instance.read_outputs()
