// Keeps std::cout and its kin out of the responder. Boost and mimetic include <iostream>, and each
// such file asks at the start of the process for the standard streams, all eight of them and all of
// the locale: a sixth of the time that a suppressed message takes. Nobody uses them. The linker is
// told (--wrap) to call these functions in place of std::ios_base::Init's constructor and
// destructor. tests/cli/test_build.py holds that no code refers to a standard stream. String
// streams set up what they need themselves.

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names
extern "C" {
void __wrap__ZNSt8ios_base4InitC1Ev(void* init);
void __wrap__ZNSt8ios_base4InitD1Ev(void* init);

void __wrap__ZNSt8ios_base4InitC1Ev(void* /*init*/) {}
void __wrap__ZNSt8ios_base4InitD1Ev(void* /*init*/) {}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
