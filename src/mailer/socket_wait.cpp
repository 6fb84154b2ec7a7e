#include "mailer/socket_wait.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "inforeply/error.hpp"

namespace inforeply {

std::chrono::milliseconds time_left(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

short wait_for(int descriptor, short events, Deadline deadline) {
  while (true) {
    pollfd polled{descriptor, events, 0};
    const auto left = time_left(deadline);
    if (left.count() == 0) return 0;
    const int count = ::poll(&polled, 1, static_cast<int>(left.count()));
    if (count > 0) return polled.revents;
    if (count < 0 && errno != EINTR) throw ConnectionFault(with_cause("cannot wait", errno));
  }
}

}  // namespace inforeply
