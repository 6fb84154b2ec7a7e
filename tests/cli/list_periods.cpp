// Prints the periods of a responder that lie between two times, in seconds since the epoch:
//   list_periods FILE FROM UNTIL

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "responder/responder_file.hpp"

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  constexpr std::size_t kMany = 3000;
  if (argc != 4) return 64;
  const auto time = [&](int index) {
    return Time{Seconds{std::strtoll(argv[index], nullptr, 10)}};
  };
  try {
    const auto schedule = load_responder(argv[1]).schedule;
    // next_periods looks some years ahead.
    constexpr std::chrono::days kStep{1000};
    Time told = time(2);
    for (Time now = told; now < time(3); now += kStep) {
      for (const auto& period : schedule.next_periods(now, kMany)) {
        if (!period.from || !period.until || *period.from >= time(3) || *period.until <= told)
          continue;
        told = *period.until;
        std::printf("%lld %lld\n", static_cast<long long>(period.from->time_since_epoch().count()),
                    static_cast<long long>(told.time_since_epoch().count()));
      }
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
