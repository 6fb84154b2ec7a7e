// Waiting for the other end of a connection, never without an end.
#pragma once

#include <chrono>
#include <stdexcept>

namespace inforeply {

using Deadline = std::chrono::steady_clock::time_point;

/// The connection cannot be used any more; one line says why.
class ConnectionFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Of both plain and TLS connections.
constexpr const char* kNoAnswer = "time is up, no answer";
constexpr const char* kTakesNoMore = "time is up, the server takes no more";
constexpr const char* kClosed = "connection closed by the server";
constexpr const char* kLost = "connection lost";  // the cause follows

/// Zero at the deadline and after it.
std::chrono::milliseconds time_left(Deadline deadline);

/// Waits for one of the events of poll(2). Returns those that came; 0 at the deadline. Throws
/// ConnectionFault.
short wait_for(int descriptor, short events, Deadline deadline);

}  // namespace inforeply
