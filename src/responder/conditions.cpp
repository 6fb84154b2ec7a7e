#include "responder/conditions.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>

#include "inforeply/text.hpp"
#include "mail/body_text.hpp"
#include "responder/address_pattern.hpp"

namespace inforeply {
namespace {

/// Enough for `^\pL{3,20}$`. A pattern without Unicode's classes takes a few KiB.
constexpr std::int64_t kPatternMemory = std::int64_t{512} * 1024;

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  return options;
}

/// Cuts no character of UTF-8.
std::string first_characters(std::string text, std::size_t count) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  std::size_t end = 0;
  for (; end < text.size() && (count != 0 || continues(text[end])); ++end) {
    if (!continues(text[end])) --count;
  }
  text.resize(end);
  return text;
}

/// What hit of one kind of condition; nullopt if nothing did.
using Hit = std::optional<std::string>;

Hit find_contained(const std::vector<std::string>& wanted, const std::string& folded_text) {
  const auto found = std::find_if(wanted.begin(), wanted.end(), [&](const std::string& text) {
    return folded_text.find(fold_for_search(text)) != std::string::npos;
  });
  return found == wanted.end() ? std::nullopt : Hit(*found);
}

Hit find_matching(const std::vector<Pattern>& patterns, const std::string& text) {
  const auto found = std::find_if(patterns.begin(), patterns.end(),
                                  [&](const Pattern& pattern) { return pattern.is_in(text); });
  return found == patterns.end() ? std::nullopt : Hit(found->text());
}

/// Whether each of `later` hits only if one of `earlier` does. False if only `later` is empty.
template <typename Item, typename Covers>
bool cover_all(const std::vector<Item>& earlier, const std::vector<Item>& later,
               std::size_t& budget, Covers covers) {
  if (earlier.empty()) return true;  // this kind is not given
  const auto comparisons = earlier.size() * later.size();
  if (later.empty() || comparisons > budget) return false;
  budget -= comparisons;
  return std::all_of(later.begin(), later.end(), [&](const Item& item) {
    return std::any_of(earlier.begin(), earlier.end(),
                       [&](const Item& other) { return covers(other, item); });
  });
}

/// A text that contains `whole` contains each `part` of it.
bool is_part_of(const std::string& part, const std::string& whole) {
  return whole.find(part) != std::string::npos;
}

bool is_same_time(const WeeklyTimes& times, const WeeklyTimes& other) {
  return times.text() == other.text();
}

bool is_same(const Pattern& pattern, const Pattern& other) {
  return pattern.text() == other.text();
}

}  // namespace

const std::string& ConditionInput::subject() {
  if (!subject_) subject_ = first_characters(message_.subject(), kMaxSearchedCharacters);
  return *subject_;
}

const std::string& ConditionInput::folded_subject() {
  if (!folded_subject_) folded_subject_ = fold_for_search(subject());
  return *folded_subject_;
}

const std::string& ConditionInput::folded_body() {
  if (!folded_body_) folded_body_ = fold_for_search(body_text(message_));
  return *folded_body_;
}

bool Pattern::is_in(std::string_view text) const {
  const RE2 regex(text_, pattern_options());
  throw_if_broken(regex);
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex);
}

void Pattern::check() const {
  throw_if_broken(RE2(text_, pattern_options()));
}

void Pattern::throw_if_broken(const RE2& regex) const {
  if (regex.ok()) return;
  throw ConfigError(file_, line_, "'subject-matches = " + text_ + "': " + regex.error());
}

bool Conditions::empty() const {
  return subject_contains.empty() && body_contains.empty() && subject_matches.empty() &&
         sender.empty() && time.weekly.empty();
}

Conditions Conditions::folded() const {
  Conditions result = *this;
  for (auto* texts : {&result.subject_contains, &result.body_contains}) {
    for (auto& text : *texts)
      text = fold_for_search(text);
  }
  return result;
}

bool Conditions::cover(const Conditions& others, std::size_t& budget) const {
  if (budget == 0) return false;
  --budget;
  return (sender.empty() || sender.covers(others.sender, budget)) &&
         cover_all(subject_contains, others.subject_contains, budget, is_part_of) &&
         cover_all(subject_matches, others.subject_matches, budget, is_same) &&
         cover_all(body_contains, others.body_contains, budget, is_part_of) &&
         cover_all(time.weekly, others.time.weekly, budget, is_same_time);
}

ConditionResult evaluate(const Conditions& conditions, ConditionInput& input) {
  ConditionResult result{true, {}, {}};
  const auto require = [&](std::string_view setting, bool is_given, const auto& find) {
    if (!result.hit || !is_given) return;
    const Hit hit = find();
    if (!hit) result = {false, "no " + std::string(setting) + " hits", {}};
    if (hit) result.why += (result.why.empty() ? "" : ", ") + std::string(setting) + " = " + *hit;
  };
  require("time", !conditions.time.weekly.empty(), [&]() -> Hit {
    const auto period = conditions.time.period_at(input.now());
    if (!period) return std::nullopt;
    result.period = *period;
    return describe(*period, conditions.time.zone);
  });
  require("sender", !conditions.sender.empty(), [&] {
    return conditions.sender.find(patterns_that_cover_any({input.sender().believed()}));
  });
  require("subject-contains", !conditions.subject_contains.empty(),
          [&] { return find_contained(conditions.subject_contains, input.folded_subject()); });
  require("subject-matches", !conditions.subject_matches.empty(),
          [&] { return find_matching(conditions.subject_matches, input.subject()); });
  // Last, because the body costs most to decode.
  require("body-contains", !conditions.body_contains.empty(),
          [&] { return find_contained(conditions.body_contains, input.folded_body()); });
  return result;
}

}  // namespace inforeply
