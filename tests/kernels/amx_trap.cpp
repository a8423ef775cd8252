// Executes AMX instructions on processors without them: the exception that each of them raises (SIGILL) is handled by
// decoding the instruction and doing to emulated tiles what it says. So the machine code for the matrix unit runs, with
// its registers, addresses and operands, without the hardware. Linked into a program, it is active from its start.
#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "common/tiles_emulated.hpp"

namespace {

using meshcast::EmulatedTiles;
using meshcast::TileShapes;

alignas(64) thread_local unsigned char memory[sizeof(EmulatedTiles)];
thread_local EmulatedTiles* tiles = nullptr;

[[noreturn]] void refuse(const unsigned char* code, const char* why) {
  std::fprintf(stderr, "%s:", why);
  for (int i = 0; i < 10; ++i) std::fprintf(stderr, " %02x", code[i]);
  std::fprintf(stderr, "\n");
  std::_Exit(1);
}

// One instruction: C4, the inverted upper bits of registers with the opcode map, operand and prefix, opcode, ModRM, ...
class Instruction {
 public:
  Instruction(const unsigned char* code, const greg_t* registers) : code_(code), registers_(registers) {
    if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x84) != 0) refuse(code, "not an AMX instruction");
    if (reg() > 7 || other() > 7) refuse(code, "no such tile");
  }
  int prefix() const { return code_[2] & 3; }  // 0 none, 1 66, 2 F3, 3 F2
  int opcode() const { return code_[3]; }
  bool in_memory() const { return code_[4] >> 6 != 3; }
  int reg() const { return (code_[4] >> 3 & 7) | (code_[1] & 0x80 ? 0 : 8); }
  int rm() const { return code_[4] & 7; }
  int other() const { return ~code_[2] >> 3 & 15; }
  int length() const { return length_; }

  // Address of the operand in memory; stride is the index register's value.
  std::uintptr_t address(std::int64_t* stride) {
    const int mode = code_[4] >> 6;
    const unsigned char* next = code_ + 5;
    std::uintptr_t at = 0;
    std::int64_t index = 0;
    bool relative = false, wide = mode == 2;
    if (rm() == 4) {
      const int sib = *next++, base = sib & 7, where = (sib >> 3 & 7) | (code_[1] & 0x40 ? 0 : 8);
      if (where != 4) index = value(where) << (sib >> 6);
      if (base == 5 && mode == 0)
        wide = true;
      else
        at = static_cast<std::uintptr_t>(value(base | (code_[1] & 0x20 ? 0 : 8)));
    } else if (rm() == 5 && mode == 0) {
      relative = wide = true;
    } else {
      at = static_cast<std::uintptr_t>(value(rm() | (code_[1] & 0x20 ? 0 : 8)));
    }
    std::int32_t offset = 0;
    if (wide) {
      std::memcpy(&offset, next, 4);
      next += 4;
    } else if (mode == 1) {
      offset = static_cast<signed char>(*next++);
    }
    length_ = static_cast<int>(next - code_);
    if (relative) at = reinterpret_cast<std::uintptr_t>(next);
    at += static_cast<std::uintptr_t>(static_cast<std::int64_t>(offset));
    if (stride) *stride = index;
    return stride ? at : at + static_cast<std::uintptr_t>(index);
  }

 private:
  std::int64_t value(int number) const {
    constexpr int kOrder[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return registers_[kOrder[number]];
  }

  const unsigned char* code_;
  const greg_t* registers_;
  int length_ = 5;
};

void execute(int, siginfo_t*, void* context) {
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto* code = reinterpret_cast<const unsigned char*>(registers[REG_RIP]);
  Instruction now(code, registers);
  const int what = now.opcode() << 4 | now.prefix() << 1 | now.in_memory();
  if (what == 0x491) {  // LDTILECFG
    tiles = new (memory) EmulatedTiles(*reinterpret_cast<const TileShapes*>(now.address(nullptr)));
  } else if (!tiles) {
    refuse(code, "tiles have no shape");
  } else if (what == 0x490) {  // TILERELEASE
    tiles = nullptr;
  } else if (what == 0x496) {  // TILEZERO
    tiles->zero(now.reg());
  } else if (what == 0x4b7) {  // TILELOADD
    std::int64_t stride;
    const auto at = now.address(&stride);
    tiles->load(now.reg(), reinterpret_cast<const void*>(at), stride);
  } else if (what == 0x4b5) {  // TILESTORED
    std::int64_t stride;
    const auto at = now.address(&stride);
    tiles->store(now.reg(), reinterpret_cast<void*>(at), stride);
  } else if (what == 0x5c4) {  // TDPBF16PS
    tiles->dot_bf16(now.reg(), now.rm(), now.other());
  } else {
    refuse(code, "an instruction that is not emulated");
  }
  registers[REG_RIP] += now.length();
}

const bool installed = [] {
  struct sigaction action = {};
  action.sa_sigaction = execute;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  return sigaction(SIGILL, &action, nullptr) == 0;
}();

}  // namespace
