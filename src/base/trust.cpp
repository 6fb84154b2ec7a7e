#include "inforeply/trust.hpp"

#include <unistd.h>

namespace inforeply {

bool is_tenants(uid_t owner, Trust trust) {
  const bool is_administrators = owner == 0 || owner == ::geteuid();
  return trust == Trust::kNone || (trust == Trust::kOwner && !is_administrators);
}

}  // namespace inforeply
