// Whether a wavefront over stages is predicted to be faster than one stage after the other.
//
// A step of one stage is a few tasks with a fork or a barrier around each, and reads the stage's weights. Where its
// products do not fill the device, a wave does the work of several stages in the time of one; but it reads the weights
// of all stages in every wave, where one stage after the other (ctrl-distribute-loops) keeps a stage's in the caches
// over many iterations, and multiplies what is in no recurrence once for all of them.
//
//   step(n) = tasks * launch + max(n * operations / peak, n * weights / bandwidth of the level that holds them)
//             by the units that n stages' results occupy; on a host by one core without launches, if that is faster
//   T iterations of K stages: T * (K * step(1) + what is multiplied at once) against (T + K - 1) * step(K)
//
// So an A100 takes the 10 layers of an LSTM of width 256 as 73 waves for 64 steps (1024 results of a step are a 200th
// of its threads, 20 MB of weights fit its L2); a host with 1 MiB of L2 a core does not, since each wave would read
// them anew.
#pragma once
#include "passes/cost/device.h"
#include "passes/ctrl/skew.h"

// assumed: what a dynamic size is taken as, but for the number of iterations.
bool dlcSkewPays(const DlcSkew *s, const DlcDevice *device, int64_t assumed);
