// A responder as an object of JSON: JMAP's, or a row of PostfixAdmin's table.
#pragma once

#include <string>
#include <string_view>

#include "inforeply/address.hpp"
#include "vacation_settings.hpp"

namespace inforeply {

/// Reads a VacationResponse (RFC 8621, 8), or some of its properties: the others stay. Throws
/// ConfigError that names the property.
VacationChange parse_vacation_response(std::string_view json);
/// A setting as it is called there; the setting if it is not there.
std::string vacation_response_name(const std::string& setting);
std::string write_vacation_response(const VacationSettings& settings);

/// Reads a row of PostfixAdmin's table `vacation` as an object with its columns. Throws ConfigError
/// that names the column, also if the row is another address's.
VacationChange parse_postfixadmin_row(std::string_view json, const Address& address,
                                      const VacationSettings& known);
std::string postfixadmin_name(const std::string& setting);
std::string write_postfixadmin_row(const VacationSettings& settings, const Address& address,
                                   Time changed_at);

}  // namespace inforeply
