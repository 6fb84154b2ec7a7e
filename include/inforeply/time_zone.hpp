// Local time, in the machine's time zone or another one.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

/// A time zone of the IANA database, or the machine's own.
class TimeZone {
 public:
  TimeZone() = default;  ///< the machine's

  /// The zone of a name such as `Europe/Berlin`; nullopt if the machine knows none of that name.
  static std::optional<TimeZone> find(std::string_view name);

  /// What clocks show there. Years that glibc cannot show are shown in UTC.
  [[nodiscard]] std::chrono::local_seconds to_local(std::chrono::sys_seconds time) const;

  /// When clocks show that there, by RFC 5545, 3.3.5: a time that comes twice means its first
  /// coming; one that clocks skip means as long after the last hour before the gap.
  [[nodiscard]] std::chrono::sys_seconds to_time(std::chrono::local_seconds local) const;

  /// While one of these exists, the zone's functions need not read its data at each call. Only a
  /// TimeZone may be asked for local times meanwhile. The last that was made goes first.
  class Use {
   public:
    explicit Use(const TimeZone& zone);
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

    static void change_to(const TimeZone& zone);  ///< uses that one from now on

   private:
    std::optional<std::string> before_;  // the variable TZ
  };

 private:
  std::string tz_;  // for the variable TZ (tzset(3)); empty: the machine's
};

}  // namespace inforeply
