#include "refine_pose/refine_pose.hpp"

#include "common/pool.hpp"
#include "refine_pose/refine_person.hpp"

namespace meshcast {
namespace {

MESHCAST_CLONES void refine_alone(const RefinePose& p, std::int64_t person) {
  refine_person(Alone{}, p, person);
}

}  // namespace

void refine_pose_cpu(const RefinePose& p) {
  auto task = [&p](std::int64_t person) { refine_alone(p, person); };
  parallel_for(p.people, task);
}

}  // namespace meshcast
