// Whose a file is: the administrator's, or a tenant's, who may speak only for its own domain.
#pragma once

#include <sys/types.h>

namespace inforeply {

/// Whose files are the administrator's (main setting `trust-responders`).
enum class Trust {
  kOwner,  ///< those of root and of the account that runs
  kAll,
  kNone,
};

/// Whether a file of this owner is a tenant's.
bool is_tenants(uid_t owner, Trust trust);

}  // namespace inforeply
