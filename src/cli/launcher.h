// What the program that started this one says of the share of the work that falls to it.
#pragma once

#include "sweep/shard.h"

namespace deadrelu {

// The shard of a task of a Slurm array (SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT, from
// SLURM_ARRAY_TASK_MIN on), of a process that Open MPI (OMPI_COMM_WORLD_RANK, _SIZE) or a PMI launcher
// (PMI_RANK, PMI_SIZE) started, or of such a process inside such a task. Throws UserError(kUsage) where none
// of these is set, and where they contradict themselves.
Shard launcher_shard();

}  // namespace deadrelu
