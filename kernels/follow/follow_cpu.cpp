#include "follow/follow.hpp"

namespace meshcast {

void follow_cpu(const Follow& p) {
  for (std::int64_t row = 0; row < p.count; ++row) follow_person(p, row);
}

}  // namespace meshcast
