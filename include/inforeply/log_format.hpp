// In which form the log is written.
#pragma once

namespace inforeply {

enum class LogFormat {
  kText,
  kJson,  ///< an object a line
};

}  // namespace inforeply
