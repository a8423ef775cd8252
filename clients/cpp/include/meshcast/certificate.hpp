// CURVE keys, and the files that they lie in.
#pragma once

#include <fstream>
#include <optional>
#include <string>
#include <variant>

#include "meshcast/error.hpp"

namespace meshcast {

/// Keys as Z85 text of 40 characters. Without a server's public key the connection is not encrypted.
struct Curve {
  std::string server_public_key;
  std::string public_key, secret_key;  // this client's, which the publisher must know
};

/// What a certificate file (ZPL) holds; a public one has no secret key.
struct Certificate {
  std::string public_key, secret_key;
};

/// The value of a line `key = "value"` (ZeroMQ RFC 4); empty when there is none.
inline std::string zpl_value(const std::string& line, const std::string& key) {
  const auto start = line.find_first_not_of(" \t");
  if (start == std::string::npos || line.compare(start, key.size(), key) != 0) return {};
  const auto equals = line.find_first_not_of(" \t", start + key.size());
  if (equals == std::string::npos || line[equals] != '=') return {};
  const auto open = line.find_first_not_of(" \t", equals + 1);
  if (open == std::string::npos || (line[open] != '"' && line[open] != '\'')) return {};
  const auto close = line.find(line[open], open + 1);
  return close == std::string::npos ? std::string{} : line.substr(open + 1, close - open - 1);
}

/// The keys in a file, or why there are none.
inline std::variant<Error, Certificate> read_certificate(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error::format("%s: cannot be read; name a key file that `meshcast keys new` made", path.c_str());
  Certificate found;
  std::string line;
  while (std::getline(file, line)) {
    if (found.public_key.empty()) found.public_key = zpl_value(line, "public-key");
    if (found.secret_key.empty()) found.secret_key = zpl_value(line, "secret-key");
  }
  if (found.public_key.size() != 40 || (!found.secret_key.empty() && found.secret_key.size() != 40))
    return Error::format("%s: not a key file; name one that `meshcast keys new` made", path.c_str());
  return found;
}

}  // namespace meshcast
