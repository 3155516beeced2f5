"""Ours: a program made by dlc, run in process through libdlrt."""

from systems import System, dlrt, native


class Dlc(System):
    name = "dlc"
    description = "dlc -O2, libdlrt with N threads, outputs reused"

    def load(self, job):
        library = dlrt.Library(job.runtime)
        self.instance = dlrt.Instance(library, job.program, job.threads, job.inputs().values(), len(job.expected()))

        self.loops = native.library() if job.from_c else None

    def run(self):
        self.instance.run()

    def repeat(self, count):
        self.instance.repeat(count, self.loops)

    def close(self):
        self.instance.close()

    def outputs(self):
        return self.instance.read_outputs()
