// Dates as mail writes them (RFC 5322, 3.3).
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "inforeply/clock.hpp"
#include "mail/header.hpp"

namespace inforeply {

/// In dates they stand in any case.
inline constexpr std::array<std::string_view, 12> kMonthNames = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads `Thu, 24 Dec 2026 18:00:00 +0100 (CET)`, also in the obsolete forms of RFC 5322, 4.3: a
/// year of two digits, a zone by its name. nullopt if it is no date.
std::optional<Time> parse_mail_date(std::string_view text);

/// When the mail server that hands us the message got it: the date of the topmost Received field
/// (RFC 5321, 4.4). nullopt without one.
std::optional<Time> received_at(const Header& header);

}  // namespace inforeply
