// Exit statuses of sysexits(3) under names of their own, so that no macros leak from <sysexits.h>.
#pragma once

namespace inforeply {

enum class ExitStatus {
  kOk = 0,
  kUsage = 64,
  kBadData = 65,
  kNoInput = 66,
  kUnavailable = 69,
  kInternal = 70,
  kCannotCreate = 73,
  kTemporaryFailure = 75,
  kConfiguration = 78,
};

}  // namespace inforeply
