"""A small hospital that speaks the national envelope, for tests of the insurer."""

import json
from decimal import Decimal
from itertools import count
from typing import Any

import httpx

Json = dict[str, Any]


class Hospital:
    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=10, verify=False)  # no TLS here: spare the certificates
        self._serial = count(1)

    def msgid(self) -> str:
        return f"H3301830056420220121130659{next(self._serial):04d}"

    def post(self, infno: str, input: Json, msgid: str = "") -> httpx.Response:
        envelope = {"infno": infno, "msgid": msgid or self.msgid(), "mdtrtarea_admvs": "330100", "input": input}
        return self.http.post(f"/fsi/api/{infno}", json=envelope)

    def call(self, infno: str, input: Json, msgid: str = "") -> Json:
        return decoded(self.post(infno, input, msgid))

    def ask(self, infno: str, input: Json, msgid: str = "") -> Any:
        """The output of a call that must succeed."""
        reply = self.call(infno, input, msgid)
        assert reply["infcode"] == 0, reply
        return reply["output"]

    def refusal(self, infno: str, input: Json) -> str:
        """The text of a call that must be refused."""
        reply = self.call(infno, input)
        assert (reply["infcode"], reply["inf_refmsgid"], reply["output"]) == (-1, None, None)
        return str(reply["err_msg"])

    def person(self, number: str) -> Json:
        output = self.ask("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": number}})
        return {**output["baseinfo"], **output["insuinfo"][0]}

    def visit(self, number: str = "999999199001010011", ipt_otp_no: str = "V1") -> "AtHospital":
        person = self.person(number)
        mdtrt_id = self.ask("2201", registration(person, ipt_otp_no))["data"]["mdtrt_id"]
        return AtHospital(self, person, mdtrt_id, ipt_otp_no)

    def ledger(self) -> Json:
        return self.get("/_ledger")

    def get(self, path: str) -> Json:
        return decoded(self.http.get(path))

    def faults(self, *rules: Json, seed: int = 1) -> None:
        assert self.http.post("/_faults", json={"seed": seed, "rules": list(rules)}).status_code == 200


class AtHospital:
    """One visit and what is done for it."""

    def __init__(self, hospital: Hospital, person: Json, mdtrt_id: str, ipt_otp_no: str) -> None:
        self.hospital = hospital
        self.person = person
        self.keys = {"mdtrt_id": mdtrt_id, "psn_no": person["psn_no"]}
        self.ipt_otp_no = ipt_otp_no
        self.total = Decimal(0)
        self._serial = count(1)

    def upload(self, *fees: str, batch: str = "B1") -> list[Json]:
        lines = [self.line(fee, batch) for fee in fees]
        self.total = sum((Decimal(fee) for fee in fees), Decimal(0))
        rows: list[Json] = self.hospital.ask("2204", {"feedetail": lines})["result"]
        return rows

    def line(self, fee: str, batch: str = "B1", sn: str = "") -> Json:
        number = sn or str(next(self._serial))
        doctor = {"bilg_dept_codg": "1", "bilg_dept_name": "内科", "bilg_dr_codg": "D1", "bilg_dr_name": "医生"}
        flags = {"rx_circ_flag": "0", "hosp_appr_flag": "1", "fee_ocur_time": "2022-01-21 10:00:00"}
        codes = {"med_list_codg": f"XJ{number}", "medins_list_codg": f"L{number}"}
        money = {"det_item_fee_sumamt": fee, "cnt": "1", "pric": fee}
        return {**self.keys, "feedetl_sn": number, "chrg_bchno": batch, **doctor, **flags, **codes, **money}

    def asked(self, **changes: str) -> Json:
        """The `data` of a trial or settlement."""
        card = {"mdtrt_cert_type": "02", "mdtrt_cert_no": self.person["certno"], "insutype": self.person["insutype"]}
        how = {"med_type": "11", "psn_setlway": "01", "acct_used_flag": "1", "chrg_bchno": "B1"}
        split = {"fulamt_ownpay_amt": "0", "overlmt_selfpay": "0", "preselfpay_amt": "0", "inscp_scp_amt": "0"}
        return {"data": {**self.keys, **card, **how, **split, "medfee_sumamt": str(self.total), **changes}}

    def trial(self) -> Json:
        output: Json = self.hospital.ask("2206A", self.asked())
        return output

    def settle(self, msgid: str = "") -> Json:
        output: Json = self.hospital.ask("2207A", self.asked(), msgid)
        return output

    def cancel(self, setl_id: str) -> Json:
        output: Json = self.hospital.ask("2208", {"data": {**self.keys, "setl_id": setl_id}})
        return output


def registration(person: Json, ipt_otp_no: str) -> Json:
    who = {"psn_no": person["psn_no"], "insutype": person["insutype"]}
    card = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person["certno"]}
    where = {"dept_code": "1", "dept_name": "内科", "caty": "A13", "begntime": "2022-01-21 10:00:00"}
    return {"data": {**who, **card, **where, "ipt_otp_no": ipt_otp_no}}


def decoded(answer: httpx.Response) -> Json:
    value: Json = json.loads(answer.content, parse_float=Decimal)
    return value
