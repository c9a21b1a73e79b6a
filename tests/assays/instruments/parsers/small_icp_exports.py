"""One small export of every ICP and absorption format that is a text, written here by hand in the layout the software writes."""

from __future__ import annotations

ICP_EXPERT = (
    "Solution Label,Batch Label,Type,Element,Flags,Soln Conc,Units,Corr Con,Units,Int,Internal Std,Date,Time,SD,RSD,Act Wgt,Act Vol,DF,"
    "NumReps,Replicates,,,\r\n"
    "BLK,,Blk,Dy,,0,Âµg/L,0,mg/L,41.5,-,08/02/2026,14:11:28,0,0,1,1,1,2,43.5896,,39.4185,\r\n"
    "S-1,B7,Samp,Dy,,12.5,Âµg/L,0.125,mg/L,59.2,0.98,08/02/2026,14:12:28,0.2,1.6,1,1,10,2,59.4,e,59.1,\r\n"
    "S-1,B7,Samp,Tb,o,OVER,Âµg/L,,mg/L,9.9E5,0.97,08/02/2026,14:12:30,,,1,1,10,2,9.8E5,,1.0E6,\r\n"
    "S-2,B7,Samp,Dy,,-0.02,Âµg/L,<0.05,mg/L,3.1,1.01,08/02/2026,14:13:01,0.01,50,0.2,50,10,2,3.0,,3.2,\r\n"
)
ICP_EXPERT_5110 = (
    "Rack:Tube,Solution Label,Type,Date Time,Element,Flags,Soln Conc (mg/L),Soln Conc %RSD,Intensity,Intensity %RSD\r\n"
    "1:1,S-1,Sample,2026-03-01 10:15:00,Dy 353.171,,0.0125,1.2,4105.5,0.4\r\n"
    "1:1,S-1,Sample,2026-03-01 10:15:00,Tb 350.914 nm,u,--,,12.1,9.5\r\n"
    "1:2,S-2,Sample,2026-03-01 10:17:00,Dy 353.171,,0.0131,1.0,4207.1,0.5\r\n"
)
SPECTRAA = (
    'Analyste,,,,,\r\nDate départ,01.03.26 23:25,,,,\r\nMéthodes,"Dy,Dy",,,,\r\n,,,,,\r\nMéthode: Dy échelle 1 (Flamme),,,,,\r\n,,,,,\r\n'
    'S-1,OVER,,mg/L,"41.9","-0.0005"\r\nS-2,"1.5",,mg/L,"2.9","0.0113"\r\n,,,,,\r\nMéthode: Dy échelle 2 (Flamme),,,,,\r\n,,,,,\r\n'
    'S-1,27,,mg/L,"0.9","0.1512"\r\n'
)
QTEGRA_OES = (
    ";;Raw.Average;Raw.STD;Raw.RSD;ExtCal.Average;ExtCal.STD;ExtCal.Average;ExtCal.StandardConcentration\r\n;;0;0;0;0;0;0;0\r\n"
    ";;Dy 353.170 {95} (Axial);Dy 353.170 {95} (Axial);Dy 353.170 {95} (Axial);Dy 353.170 {95} (Axial);Dy 353.170 {95} (Axial);"
    "Dy 353.170 {96} (Axial);Dy 353.170 {95} (Axial)\r\n"
    ";;Y (cps);Y (cps);Y (%);Y (ppm);Y (ppm);Y (ppm);Y (ppm)\r\n"
    "1;BLANK;-0.203;0.586666666666667;289.156;-0.0003;0.0001;;0\r\n2;S-1;377.84;2.017;0.53;1.25;0.02;1.26;\r\n"
)
QTEGRA_MS = (
    "\t\tRaw.Average\tISCorrectedIntensity.Average\tExtCal.Average\tMeasuredConcentration.Average\tRaw.1\r\n\t\t0\t0\t0\t0\t0\r\n"
    "\t\t163Dy (KED)\t163Dy (KED)\t163Dy (KED)\t163Dy (KED)\t159Tb (STD)\r\n\t\tY (cps)\tY (cps)\tY (ppb)\tY (ppb)\tY (cps)\r\n"
    "1\tS-1\t40123,7\t40500,1\t12,517\t1,2517\t91,5\r\n2\tS-2\t88,1\tN/A\t<0,05\t--\t17,25\r\n"
)
WINLAB32 = (
    "Sample ID,Analyte Name,Date,Time,Elem,Wavelength,Int (Corr),RSD (Corr Int),Conc (Calib),Conc (Samp),Reported Conc (Calib),RSD (Conc),"
    "Repl No1,Date1,Time1,Int (Corr)1,Conc (Samp)1,Repl No2,Date2,Time2,Int (Corr)2,Conc (Samp)2\r\n"
    "Std 1,Dy 353.170,4/7/2026,1:00:05 PM,Dy,353.168,1001.5,0.4, , ,[5],0.4,1,4/7/2026,1:00:00 PM,1000.5, ,2,4/7/2026,"
    "1:00:05 PM,1002.5, \r\n"
    "S-1,Dy 353.170,4/7/2026,1:02:05 PM,Dy,353.168,377.8,0.5,1.25,12.5,1.25,0.6,1,4/7/2026,1:02:00 PM,377.1,12.4,2,4/7/2026,1:02:05 PM,"
    "378.5,12.6\r\n"
    "S-1,Tb 350.917,4/7/2026,1:02:06 PM,Tb,350.915,-3.5,80,-0.01,-0.1,-0.01,80,1,4/7/2026,1:02:01 PM,-3.1,-0.1,2,4/7/2026,1:02:06 PM,"
    "-3.9,-0.1\r\n"
)
WINLAB32_SHORT = (
    "Sample ID,Analyte Name,Reported Conc (Samp),Units,Date,Time\r\n"
    "S-1,Dy 353.170,12.50,mg/L,4/7/2026,1:02:05 PM\r\nS-1,Tb 350.917, ,mg/L,4/7/2026,1:02:06 PM\r\n"
    "S-2,Dy 353.170,<0.05,mg/L,4/7/2026,1:04:05 PM\r\n"
)


def _icpe(sample: str, element: str, line: str, first: list[str], second: list[str]) -> str:
    """A line of Shimadzu's 44 columns: two blocks of twenty behind what describes it."""
    blocks = [["ppb", *first], ["After Drift Correction", *second]]
    cells = ["Metals", "", sample, "9/23/2026 11:54:59 AM", "", "MRC", element, "QUANT", line, "1"]
    for title, *values in blocks:
        *replicates, mean, sd, rsd = values
        cells += [title, *replicates, *[""] * (10 - len(replicates)), mean, sd, rsd, *[""] * 6]
    return "\t".join(cells[:44]) + "\r\n"


SHIMADZU_ICPE = (
    _icpe("BLK", "Dy", "353.170", ["----", "----", "----"], ["-0.093", "-0.106", "-0.0995", "0.0092", "9.24"])
    + _icpe("S-1", "Dy", "353.170", ["12.51", "12.53", "12.52", "0.014", "0.11"], ["12.61", "12.63", "12.62", "0.014", "0.11"])
    + _icpe("S-1", "Tb", "350.917", ["1.01", "----", "----", "----"], ["1.11", "1.13", "1.12", "0.014", "1.26"])
)
