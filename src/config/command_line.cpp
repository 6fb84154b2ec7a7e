#include "config/command_line.hpp"

#include <algorithm>
#include <boost/program_options.hpp>

#include "inforeply/error.hpp"

namespace po = boost::program_options;

namespace inforeply {
namespace {

OptionForm require_form(const FindForm& find_form, const std::string& written,
                        const std::string& word) {
  auto form = find_form(written);
  if (!form) throw Error(Fault::kUsage, "unrecognised option '" + word + "'");
  return *std::move(form);
}

/// Removes and returns the next word, the option's argument.
std::string take_argument(const std::string& option, std::vector<std::string>& words) {
  if (words.empty()) throw Error(Fault::kUsage, "option '" + option + "' needs an argument");
  std::string argument = std::move(words.front());
  words.erase(words.begin());
  return argument;
}

po::option parse_long(const FindForm& find_form, const std::string& word,
                      std::vector<std::string>& words) {
  const auto equals = word.find('=');
  const auto form = require_form(find_form, word.substr(0, equals), word);
  if (!form.has_argument && equals != std::string::npos) {
    throw Error(Fault::kUsage, "option '--" + form.name + "' does not take any arguments");
  }
  if (!form.has_argument) return {form.name, {""}};
  return {form.name,
          {equals == std::string::npos ? take_argument(word, words) : word.substr(equals + 1)}};
}

/// `-n`, `-nh`, `-fADDR`, `-nf ADDR`.
std::vector<po::option> parse_short(const FindForm& find_form, const std::string& word,
                                    std::vector<std::string>& words) {
  std::vector<po::option> options;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto form = require_form(find_form, std::string("-") + word[i], word);
    if (!form.has_argument) {
      options.emplace_back(form.name, std::vector<std::string>{""});
      continue;
    }
    const auto rest = word.substr(i + 1);
    options.emplace_back(form.name, std::vector{rest.empty() ? take_argument(word, words) : rest});
    break;
  }
  return options;
}

/// Removes the first word if it holds options, and the argument after it. By itself, Boost would
/// take `-n` in `-f -n` for an option and refuse `--name=`.
std::vector<po::option> take_options(const FindForm& find_form, std::vector<std::string>& words) {
  const std::string word = words.front();
  if (word.size() < 2 || word[0] != '-' || word == "--") return {};
  words.erase(words.begin());
  if (word[1] == '-') return {parse_long(find_form, word, words)};
  return parse_short(find_form, word, words);
}

}  // namespace

bool CommandLine::has(std::string_view option) const {
  return std::any_of(options.begin(), options.end(),
                     [&](const Given& given) { return given.name == option; });
}

CommandLine parse_command_line(int argc, const char* const* argv, const FindForm& find_form) {
  const po::options_description none;
  const auto parsed = po::command_line_parser(argc, argv)
                          .options(none)
                          .allow_unregistered()  // take_options knows them
                          .extra_style_parser([&](std::vector<std::string>& words) {
                            return take_options(find_form, words);
                          })
                          .run();
  CommandLine line;
  for (const auto& option : parsed.options) {
    if (option.string_key.empty()) {
      line.words.push_back(option.value.front());
      continue;
    }
    if (line.has(option.string_key) && !find_form("--" + option.string_key)->repeats) {
      throw Error(Fault::kUsage,
                  "option '--" + option.string_key + "' cannot be specified more than once");
    }
    line.options.push_back({option.string_key, option.value.front()});
  }
  return line;
}

}  // namespace inforeply
