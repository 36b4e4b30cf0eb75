#include "train/online.h"
#include "train/recorder.h"
#include "train/reset.h"
#include "train/trainer.h"

namespace deadrelu {
namespace {

// Who stands at the doors of a step; who is not wanted by the pack's specs does nothing there. A newcomer is
// a member, and a line where it looks or acts.
template <class T>
class Doors {
 public:
  Doors(const Pack<T>& pack, const Trainer<T>& trainer)
      : pack_(pack),
        bins_(pack),
        recorder_(pack, trainer.workspace().max_samples()),
        resets_(pack, trainer.activations().max_samples()) {}

  void begin(const TrainingState<T>& state) { recorder_.begin(pack_, state); }

  // The first door, for every block of a batch …
  void observe(const BatchBlock<T>& block) {
    if (bins_.wanted()) bins_.observe(pack_, block);
    recorder_.observe(pack_, block);
    resets_.observe(block);
  }
  // … and for the whole of it; the workspace may be overwritten. False: nobody goes on.
  bool observe(Trainer<T>& trainer) {
    const TrainingState<T>& state = trainer.state();
    const bool is_looked_at = recorder_.wants_gradient(state);
    if (is_looked_at || resets_.wants_gradient(state)) trainer.complete_gradient();
    resets_.observe(state, trainer.activations());
    const bool goes_on = recorder_.observe(pack_, state, trainer.workspace());
    if (bins_.wanted()) bins_.end_batch(state, recorder_.ended());
    return goes_on;
  }
  // Whether anybody looks at what comes of an update that follows the last step's, which is not kept.
  bool wants_update_after_last() const { return pack_.runs[0]->record.layers; }

  // The second door.
  void intervene(Trainer<T>& trainer) {
    recorder_.observe_update(pack_, trainer.state());
    trainer.remedy();
    if (recorder_.recorded()) std::fill_n(trainer.state().resets.data(), trainer.state().resets.size(), 0u);
    resets_.intervene(trainer.state());
  }

  std::vector<RunRecord> finish() {
    std::vector<RunRecord> records = recorder_.finish();
    for (std::size_t lane = 0; lane < records.size(); ++lane) {
      records[lane].stream = bins_.take(lane);
      sum_up_online(records[lane]);
    }
    return records;
  }

 private:
  const Pack<T>& pack_;
  StreamBins<T> bins_;
  Recorder<T> recorder_;
  Resets<T> resets_;
};

}  // namespace

template <class T>
std::vector<RunRecord> train_pack(const Pack<T>& pack, const std::atomic<bool>& stop) {
  Trainer<T> trainer(pack);
  Doors<T> doors(pack, trainer);
  doors.begin(trainer.state());
  const std::vector<std::string>& failures = trainer.failures();
  const bool begins = std::find(failures.begin(), failures.end(), "") != failures.end();
  for (std::uint64_t step = 0; begins && step <= pack.steps; ++step) {
    if (stop.load(std::memory_order_relaxed)) return {};
    trainer.compute_loss(step, [&](const BatchBlock<T>& block) { doors.observe(block); });
    const bool is_last = !doors.observe(trainer) || step == pack.steps;
    if (is_last && !doors.wants_update_after_last()) break;
    trainer.update();
    doors.intervene(trainer);
    if (is_last) break;
  }
  std::vector<RunRecord> records = doors.finish();
  for (std::size_t lane = 0; lane < records.size(); ++lane) {
    records[lane].failure = failures[lane];
    records[lane].outcome.clipped_initially = trainer.remedies().clipped_initially(lane);
  }
  return records;
}

template std::vector<RunRecord> train_pack(const Pack<float>&, const std::atomic<bool>&);
template std::vector<RunRecord> train_pack(const Pack<double>&, const std::atomic<bool>&);

}  // namespace deadrelu
